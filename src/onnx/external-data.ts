/**
 * Lays weights out in external data files and streams them there.
 *
 * Files stay small (`FILE_BYTES`) because ORT-web without JSPI holds each one in JavaScript memory while a session is created, and because
 * WebGPU stages them one by one. A tensor never spans two files. Weights of the same name are written once, so graphs can share them.
 */
import type { Graph, GraphWeight } from './graph.ts';
import type { WeightLocation } from './proto.ts';

const FILE_BYTES = 64 * 2 ** 20;
const SMALL_BYTES = 64 * 1024;
const ALIGNMENT = 64; // enough for any SIMD load and for ORT's own checks

const BYTES_PER_ELEMENT: Record<GraphWeight['type'], number> = { float32: 4, float16: 2, int8: 1, uint8: 1 };

export type ExternalFile = {
  readonly name: string;
  readonly bytes: number;
  readonly weights: readonly { readonly weight: GraphWeight; readonly offset: number }[];
};

export type ExternalLayout = {
  readonly files: readonly ExternalFile[];
  readonly locations: ReadonlyMap<string, WeightLocation>;
};

/** Decides where each weight of the graphs goes; nothing is read yet. `prefix` starts the file names. */
export function layOutWeights(graphs: readonly Graph[], prefix: string): ExternalLayout {
  const files: { name: string; bytes: number; weights: { weight: GraphWeight; offset: number }[] }[] = [];
  const locations = new Map<string, WeightLocation>();

  for (const weight of smallFirst(graphs.flatMap((graph) => [...graph.weights.values()]))) {
    if (locations.has(weight.name)) continue;
    const length = bytesOf(weight);
    let file = files.at(-1);
    if (!file || file.bytes + length > FILE_BYTES) {
      file = { name: `${prefix}.${files.length}.data`, bytes: 0, weights: [] };
      files.push(file);
    }
    const offset = file.bytes;
    file.weights.push({ weight, offset });
    file.bytes = Math.ceil((offset + length) / ALIGNMENT) * ALIGNMENT;
    locations.set(weight.name, { file: file.name, offset, length });
  }
  return { files, locations };
}

/** Sessions read tensors in no order: hundreds of small ones side by side cost one read from the store, scattered ones as many as they are. */
function smallFirst(weights: readonly GraphWeight[]): GraphWeight[] {
  const isSmall = (weight: GraphWeight): boolean => bytesOf(weight) <= SMALL_BYTES;
  return [...weights.filter(isSmall), ...weights.filter((weight) => !isSmall(weight))];
}

function bytesOf(weight: GraphWeight): number {
  return weight.dims.reduce((product, size) => product * size, BYTES_PER_ELEMENT[weight.type]);
}

/** The bytes of one file, weight by weight; only one weight is in memory at a time. */
export async function* streamFile(file: ExternalFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let written = 0;
  for (const { weight, offset } of file.weights) {
    if (offset > written) yield new Uint8Array(offset - written);
    const values = await weight.load();
    const expected = weight.dims.reduce((product, size) => product * size, 1);
    if (values.length !== expected) throw new Error(`${weight.name}: ${values.length} values for ${expected}`);
    yield new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    written = offset + values.byteLength;
  }
  if (file.bytes > written) yield new Uint8Array(file.bytes - written);
}
