/**
 * Writes a zip of stored entries, each one's data on a 64-byte boundary as torch's mmap wants it.
 *
 * The contents stay blobs; they are read once here for their CRC. Zip64 fields appear only where a size, an offset or the count needs them.
 */
import { crc32OfBlob } from './crc32.ts';

/** Entries in order; names are ASCII or UTF-8. */
export async function writeZip(entries: Iterable<readonly [string, Blob]>): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let position = 0;
  for (const [name, content] of entries) {
    const entry = {
      name: new TextEncoder().encode(name),
      size: content.size,
      crc: await crc32OfBlob(content),
      position,
    };
    const header = makeLocalHeader(entry);
    parts.push(header, content);
    directory.push(makeCentralHeader(entry));
    position += header.length + content.size;
  }
  const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0);
  return new Blob([...parts, ...directory, makeEnd(directory.length, directoryBytes, position)], {
    type: 'application/zip',
  });
}

type Entry = { readonly name: Uint8Array; readonly size: number; readonly crc: number; readonly position: number };

const DATA_ALIGN = 64;
const LIMIT_32 = 0xffff_ffff;
const LIMIT_16 = 0xffff;
/** General purpose flag: the name is UTF-8. */
const FLAG_UTF8 = 0x800;
/** 1980-01-01, the zero of zip's clock. */
const DOS_DATE = 0x21;

function makeLocalHeader({ name, size, crc, position }: Entry): Uint8Array<ArrayBuffer> {
  const zip64 =
    size >= LIMIT_32
      ? fields([
          [2, 1],
          [2, 16],
          [8, size],
          [8, size],
        ])
      : new Uint8Array(0);
  const start = position + 30 + name.length + zip64.length;
  // "FB" is the id torch itself gives its padding; the field's own four bytes count.
  const padLength = DATA_ALIGN - ((start + 4) % DATA_ALIGN);
  const extraLength = zip64.length + 4 + padLength;
  const stated = size >= LIMIT_32 ? LIMIT_32 : size;
  const fixed = fields([
    [4, 0x04034b50],
    [2, zip64.length > 0 ? 45 : 20],
    [2, FLAG_UTF8],
    [2, 0],
    [2, 0],
    [2, DOS_DATE],
    [4, crc],
    [4, stated],
    [4, stated],
    [2, name.length],
    [2, extraLength],
  ]);
  return join([
    fixed,
    name,
    zip64,
    fields([
      [2, 0x4246],
      [2, padLength],
    ]),
    new Uint8Array(padLength).fill(0x5a),
  ]);
}

function makeCentralHeader({ name, size, crc, position }: Entry): Uint8Array<ArrayBuffer> {
  const isLarge = size >= LIMIT_32;
  const isFar = position >= LIMIT_32;
  const wide: Field[] = [
    ...(isLarge
      ? ([
          [8, size],
          [8, size],
        ] as const)
      : []),
    ...(isFar ? ([[8, position]] as const) : []),
  ];
  const zip64 = wide.length > 0 ? fields([[2, 1], [2, 8 * wide.length], ...wide]) : new Uint8Array(0);
  const stated = isLarge ? LIMIT_32 : size;
  const version = wide.length > 0 ? 45 : 20;
  const fixed = fields([
    [4, 0x02014b50],
    [2, version],
    [2, version],
    [2, FLAG_UTF8],
    [2, 0],
    [2, 0],
    [2, DOS_DATE],
    [4, crc],
    [4, stated],
    [4, stated],
    [2, name.length],
    [2, zip64.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, isFar ? LIMIT_32 : position],
  ]);
  return join([fixed, name, zip64]);
}

function makeEnd(count: number, directoryBytes: number, directoryStart: number): Uint8Array<ArrayBuffer> {
  const needsZip64 = count >= LIMIT_16 || directoryStart >= LIMIT_32;
  const zip64 = needsZip64
    ? fields([
        [4, 0x06064b50],
        [8, 44],
        [2, 45],
        [2, 45],
        [4, 0],
        [4, 0],
        [8, count],
        [8, count],
        [8, directoryBytes],
        [8, directoryStart],
        [4, 0x07064b50],
        [4, 0],
        [8, directoryStart + directoryBytes],
        [4, 1],
      ])
    : new Uint8Array(0);
  const statedCount = Math.min(count, LIMIT_16);
  const end = fields([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, statedCount],
    [2, statedCount],
    [4, directoryBytes],
    [4, Math.min(directoryStart, LIMIT_32)],
    [2, 0],
  ]);
  return join([zip64, end]);
}

/** Width in bytes and value, little-endian. */
type Field = readonly [2 | 4 | 8, number];

function fields(list: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0));
  let offset = 0;
  for (const [width, value] of list) {
    for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256)) bytes[offset++] = rest % 256;
  }
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
