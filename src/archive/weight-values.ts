/**
 * Reads a tensor's numbers: any dtype and stride order to contiguous row-major float32.
 *
 * Only the bytes between the first and the last element of the view are read. Contiguous tensors are converted window by window, so a half-precision tensor
 * does not need its source and its result in memory at once.
 */
import type { DType, WeightRef } from '../base/files.ts';
import { AsrError } from '../base/errors.ts';
import { corrupt } from './corrupt.ts';
import { ELEMENT_BYTES, countElements, isContiguous, makeWeight, spanElements } from './tensor-view.ts';

/** [product of the shape], row-major. int64 and float64 round to float32; bool is 0 or 1. Throws `checkpoint-corrupt`, `out-of-memory`. */
export async function toFloat32(weight: WeightRef): Promise<Float32Array<ArrayBuffer>> {
  const { shape, strides, offset } = makeWeight(weight);
  const numElements = countElements(shape);
  if (numElements === 0) return new Float32Array(0);
  if (!isContiguous(shape, strides)) return await readStrided(weight, numElements);
  if (weight.dtype === 'float32') return new Float32Array((await readElements(weight, offset, numElements)).buffer);

  const values = allocate(numElements);
  for (let start = 0; start < numElements; start += WINDOW_ELEMENTS) {
    const length = Math.min(WINDOW_ELEMENTS, numElements - start);
    const bytes = await readElements(weight, offset + start, length);
    convert(bytes, weight.dtype, values.subarray(start, start + length));
  }
  return values;
}

/** 8 to 32 MiB of source at a time. */
const WINDOW_ELEMENTS = 2 ** 22;
/** A view may skip over foreign elements of a shared storage, but not read gigabytes to keep a few. */
const MAX_SKIPPED_ELEMENTS = 2 ** 26;

async function readStrided(weight: WeightRef, numElements: number): Promise<Float32Array<ArrayBuffer>> {
  const { shape, strides, offset } = weight;
  const numSpanned = spanElements(shape, strides);
  if (numSpanned > 2 * numElements + MAX_SKIPPED_ELEMENTS) {
    throw corrupt(`A tensor of shape [${shape}] is scattered over ${numSpanned} elements of its storage.`);
  }
  const source = allocate(numSpanned);
  convert(await readElements(weight, offset, numSpanned), weight.dtype, source);
  const values = allocate(numElements);

  // The last dimension in a tight loop, the others as an odometer.
  const rank = shape.length;
  const rowLength = shape[rank - 1]!;
  const rowStride = strides[rank - 1]!;
  const index = new Array<number>(rank - 1).fill(0);
  let rowStart = 0;
  for (let target = 0; target < numElements; ) {
    for (let i = 0; i < rowLength; i++) values[target++] = source[rowStart + i * rowStride]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      rowStart += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      rowStart -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return values;
}

async function readElements(
  { dtype, storage }: WeightRef,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = ELEMENT_BYTES[dtype];
  const bytes = new Uint8Array(await storage.slice(start * size, (start + length) * size).arrayBuffer());
  if (bytes.length !== length * size)
    throw corrupt(`The checkpoint gave ${bytes.length} of ${length * size} bytes of a tensor.`);
  return bytes;
}

/** `target.length` elements of `dtype`; all browsers and Node are little-endian, as the checkpoints are. */
function convert(bytes: Uint8Array<ArrayBuffer>, dtype: DType, target: Float32Array): void {
  const { buffer } = bytes;
  switch (dtype) {
    case 'float32':
      return target.set(new Float32Array(buffer));
    case 'float64':
      return target.set(new Float64Array(buffer));
    case 'float16':
      return convertFloat16(new Uint16Array(buffer), target);
    case 'bfloat16':
      return convertBfloat16(new Uint16Array(buffer), target);
    case 'int64':
      return convertInt64(new BigInt64Array(buffer), target);
    case 'int32':
      return target.set(new Int32Array(buffer));
    case 'int16':
      return target.set(new Int16Array(buffer));
    case 'int8':
      return target.set(new Int8Array(buffer));
    case 'uint8':
      return target.set(bytes);
    case 'bool':
      return target.set(bytes.map((byte) => (byte === 0 ? 0 : 1)));
  }
}

function convertBfloat16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
}

function convertFloat16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  float16Bits ??= makeFloat16Table();
  for (let i = 0; i < source.length; i++) bits[i] = float16Bits[source[i]!]!;
}

/** float32 bits of all 65 536 halves: a look-up is five times faster than the arithmetic. Made at first use. */
let float16Bits: Uint32Array | undefined;

function makeFloat16Table(): Uint32Array {
  const value = new Float32Array(1);
  const valueBits = new Uint32Array(value.buffer);
  return Uint32Array.from({ length: 65_536 }, (_, half) => {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return (sign | 0x7f80_0000 | (fraction << 13)) >>> 0;
    value[0] = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return (sign | valueBits[0]!) >>> 0;
  });
}

function convertInt64(source: BigInt64Array, target: Float32Array): void {
  for (let i = 0; i < source.length; i++) target[i] = Number(source[i]!);
}

function allocate(numElements: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(numElements);
  } catch (thrown) {
    throw new AsrError('out-of-memory', `No memory for a tensor of ${numElements} elements.`, { cause: thrown });
  }
}
