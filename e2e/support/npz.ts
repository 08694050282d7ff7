/**
 * Reads NumPy's `.npz` (a zip of `.npy` files, stored or deflated) for tests. Node only; reads the whole file.
 *
 * Only what `np.savez` and `np.savez_compressed` write: no zip64 sizes, C order, little-endian numbers.
 */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

export type NpyData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Int16Array;

/** One array: `data` in C order. */
export type NpyArray<Data extends NpyData = NpyData> = {
  readonly shape: readonly number[];
  readonly data: Data;
};

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** All arrays of an `.npz` file by name, unpacked when first asked for. */
export function readNpz(path: string | URL): ReadonlyMap<string, NpyArray> {
  const zip = readFileSync(path);
  const unpackers = new Map<string, () => NpyArray>();
  for (const { name, method, start, packedBytes } of entriesOf(zip)) {
    const packed = zip.subarray(start, start + packedBytes);
    unpackers.set(name.replace(/\.npy$/, ''), () => parseNpy(method === 0 ? packed : inflateRawSync(packed)));
  }
  return new LazyMap(unpackers);
}

/** A single array from the bytes of an `.npy` file. */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hasLongHeader = bytes[6] !== 1; // version 1 counts the header in 16 bits, later ones in 32
  const headerBytes = hasLongHeader ? view.getUint32(8, true) : view.getUint16(8, true);
  const headerStart = hasLongHeader ? 12 : 10;
  const header = new TextDecoder().decode(bytes.subarray(headerStart, headerStart + headerBytes));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || shape === undefined || header.includes("'fortran_order': True")) {
    throw new Error(`not an array in C order: ${header}`);
  }
  const body = Uint8Array.from(bytes.subarray(headerStart + headerBytes)); // a copy: aligned, and not the pool a Buffer sits in
  return {
    shape: shape
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number),
    data: typed(descr, body.buffer),
  };
}

function typed(descr: string, body: ArrayBufferLike): NpyData {
  switch (descr) {
    case '<f4':
      return new Float32Array(body);
    case '<f8':
      return new Float64Array(body);
    case '<i4':
      return new Int32Array(body);
    case '<i8':
      return new BigInt64Array(body);
    case '<i2':
      return new Int16Array(body);
    case '|u1':
    case '|b1':
      return new Uint8Array(body);
    default:
      throw new Error(`.npy of type ${descr}`);
  }
}

type Entry = { readonly name: string; readonly method: number; readonly start: number; readonly packedBytes: number };

function entriesOf(zip: Buffer): Entry[] {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new Error('not a zip file');
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('zip directory is broken');
    const nameBytes = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameBytes),
      method: zip.readUInt16LE(at + 10),
      // the local header has its own extra field, of another length than the directory's
      start: local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28),
      packedBytes: zip.readUInt32LE(at + 20),
    });
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** A map whose values are made on first use and then kept. */
class LazyMap implements ReadonlyMap<string, NpyArray> {
  readonly #makers: ReadonlyMap<string, () => NpyArray>;
  readonly #made = new Map<string, NpyArray>();

  constructor(makers: ReadonlyMap<string, () => NpyArray>) {
    this.#makers = makers;
  }

  get size(): number {
    return this.#makers.size;
  }

  has(name: string): boolean {
    return this.#makers.has(name);
  }

  get(name: string): NpyArray | undefined {
    const known = this.#made.get(name) ?? this.#makers.get(name)?.();
    if (known) this.#made.set(name, known);
    return known;
  }

  keys(): MapIterator<string> {
    return this.#makers.keys();
  }

  *values(): MapIterator<NpyArray> {
    for (const name of this.keys()) yield this.get(name)!;
  }

  *entries(): MapIterator<[string, NpyArray]> {
    for (const name of this.keys()) yield [name, this.get(name)!];
  }

  [Symbol.iterator](): MapIterator<[string, NpyArray]> {
    return this.entries();
  }

  forEach(callback: (value: NpyArray, key: string, map: ReadonlyMap<string, NpyArray>) => void): void {
    for (const [name, value] of this) callback(value, name, this);
  }
}
