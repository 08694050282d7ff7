/**
 * Reads the safetensors container: u64 header length (LE), JSON header, raw tensor bytes.
 *
 * Only the header is read here; a tensor is a slice. The tensors must fill the data exactly, without holes or overlap, as the reference
 * reader demands: that also catches names given twice, which JSON.parse hides. Format: https://github.com/huggingface/safetensors
 */
import type { DType, WeightRef, Weights } from '../base/files.ts';
import { AsrError } from '../base/errors.ts';
import { corrupt, quoteName } from './corrupt.ts';
import { MAX_SAFETENSORS_HEADER, MAX_TENSORS } from './limits.ts';
import { ELEMENT_BYTES, contiguousStrides, countElements, makeWeight } from './tensor-view.ts';

/** Throws `checkpoint-corrupt`; `checkpoint-unsupported` for element types that torch storages here do not have. */
export async function readSafetensors(blob: Blob): Promise<Weights> {
  const { header, dataStart } = await readHeader(blob);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  if (entries.length === 0) throw corrupt('The safetensors file holds no tensors.');
  if (entries.length > MAX_TENSORS) throw corrupt(`The safetensors file holds ${entries.length} tensors.`);

  const weights = new Map<string, WeightRef>();
  const ranges: Range[] = [];
  for (const [name, entry] of entries) {
    const { dtype, shape, begin, end } = readEntry(name, entry);
    if (end > blob.size - dataStart)
      throw corrupt(`The safetensors file is cut: ${quoteName(name)} ends at byte ${dataStart + end} of ${blob.size}.`);
    ranges.push({ begin, end });
    const storage = blob.slice(dataStart + begin, dataStart + end);
    weights.set(name, makeWeight({ dtype, shape, strides: contiguousStrides(shape), offset: 0, storage }));
  }
  checkCoverage(ranges, blob.size - dataStart);
  return weights;
}

/** True when the first nine bytes can be a header length and the brace behind it. */
export function looksLikeSafetensors(start: Uint8Array, fileBytes: number): boolean {
  if (start.length < 9 || start[8] !== 0x7b) return false;
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  return length <= BigInt(Math.max(MAX_SAFETENSORS_HEADER, fileBytes));
}

type Range = { readonly begin: number; readonly end: number };

async function readHeader(blob: Blob): Promise<{ readonly header: object; readonly dataStart: number }> {
  const lengthBytes = await blob.slice(0, 8).arrayBuffer();
  if (lengthBytes.byteLength < 8) throw corrupt('The safetensors file is cut inside its header length.');
  const length = Number(new DataView(lengthBytes).getBigUint64(0, true));
  if (length > MAX_SAFETENSORS_HEADER) throw corrupt(`The safetensors header claims ${length} bytes.`);
  if (8 + length > blob.size)
    throw corrupt(`The safetensors file is cut inside its header: ${blob.size} of ${8 + length} bytes are there.`);
  let header: unknown;
  try {
    header = JSON.parse(await blob.slice(8, 8 + length).text());
  } catch (thrown) {
    throw corrupt('The safetensors header is not JSON.', thrown);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw corrupt('The safetensors header is no JSON object.');
  return { header, dataStart: 8 + length };
}

function readEntry(name: string, entry: unknown): Range & { readonly dtype: DType; readonly shape: readonly number[] } {
  const malformed = corrupt(`The safetensors entry ${quoteName(name)} is malformed.`);
  if (typeof entry !== 'object' || entry === null) throw malformed;
  const { dtype: code, shape, data_offsets: offsets } = entry as Readonly<Record<string, unknown>>;
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2 || typeof code !== 'string') throw malformed;
  const dtype = DTYPES.get(code);
  if (!dtype)
    throw new AsrError(
      'checkpoint-unsupported',
      `The tensor ${quoteName(name)} has the element type ${quoteName(code)}, which is not read.`,
    );
  const [begin = 0, end = 0] = offsets;
  if (end - begin !== countElements(shape) * ELEMENT_BYTES[dtype]) throw malformed;
  return { dtype, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function checkCoverage(ranges: readonly Range[], dataBytes: number): void {
  const sorted = [...ranges].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { begin, end } of sorted) {
    if (begin !== position)
      throw corrupt(`The safetensors data has ${begin < position ? 'an overlap' : 'a hole'} at byte ${position}.`);
    position = end;
  }
  if (position !== dataBytes) throw corrupt(`The safetensors tensors end at byte ${position} of ${dataBytes}.`);
}

const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F64', 'float64'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);
