/**
 * The arithmetic of strided views, and the check that a view stays inside its storage.
 *
 * Strides and offsets count elements, not bytes, and a file may state any of them: nothing of a `WeightRef` is trusted before
 * `makeWeight` has seen it.
 */
import type { DType, WeightRef } from '../base/files.ts';
import { corrupt } from './corrupt.ts';
import {
  MAX_OVERLAPPING_BYTES,
  MAX_OVERLAPPING_ELEMENTS,
  MAX_SHARING,
  MAX_TENSOR_ELEMENTS,
  MAX_TENSOR_RANK,
} from './limits.ts';

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** A `WeightRef` whose every element lies inside its storage; throws `checkpoint-corrupt` otherwise. */
export function makeWeight(weight: WeightRef): WeightRef {
  const { dtype, shape, strides, offset, storage } = weight;
  if (shape.length > MAX_TENSOR_RANK || strides.length !== shape.length) {
    throw corrupt(`A tensor of the checkpoint has ${shape.length} sizes and ${strides.length} strides.`);
  }
  if (![offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw corrupt(
      `A tensor of the checkpoint has an impossible shape, stride or offset: [${shape}], [${strides}], ${offset}.`,
    );
  }
  const numElements = countElements(shape);
  const numStored = Math.floor(storage.size / ELEMENT_BYTES[dtype]);
  if (numElements > MAX_TENSOR_ELEMENTS) throw corrupt(`A tensor of the checkpoint claims ${numElements} elements.`);
  if (numElements > numStored && numElements > MAX_OVERLAPPING_ELEMENTS) {
    throw corrupt(`A tensor of the checkpoint spreads ${numStored} stored elements over ${numElements}.`);
  }
  if (offset + spanElements(shape, strides) > numStored) {
    throw corrupt(`A tensor of shape [${shape}] reaches beyond its storage of ${numStored} elements.`);
  }
  return weight;
}

/** Tensors may share what is stored, as tied weights do, but all together are no multiple of it; throws `checkpoint-corrupt` otherwise. */
export function assertPlausibleTotal(weights: readonly WeightRef[], storedBytes: number): void {
  const total = weights.reduce((sum, { shape, dtype }) => sum + countElements(shape) * ELEMENT_BYTES[dtype], 0);
  if (total > MAX_SHARING * storedBytes + MAX_OVERLAPPING_BYTES)
    throw corrupt(`The checkpoint's tensors spread ${storedBytes} stored bytes over ${total}.`);
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements from the first to the last one that a view touches, both included; 0 for an empty view. */
export function spanElements(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, axis) => span + (size - 1) * (strides[axis] ?? 0), 1);
}

/** Row-major strides, last dimension fastest. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** True when the elements lie in the storage one after another in logical order; dimensions of size 1 may have any stride. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = contiguousStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}
