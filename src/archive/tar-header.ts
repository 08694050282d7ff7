/**
 * The 512-byte header of one tar member, and the PAX records that may precede it.
 *
 * Three dialects meet in `.nemo` files: PAX (Python ≥ 3.8), GNU (Python before) and plain ustar; v7 headers have no magic at all. The
 * `prefix` field is a path only in the POSIX dialect: GNU keeps times there.
 */
import { corrupt, quoteName } from './corrupt.ts';

export const BLOCK_BYTES = 512;

export type TarHeader = {
  readonly name: string;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** POSIX typeflag; v7's NUL is given as '0'. */
  readonly type: string;
};

/** Reads a header block; `undefined` when its checksum says that it is none. */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (!hasValidChecksum(block)) return undefined;
  const isPosix = text(block, 257, 6) === 'ustar' && block[262] === 0;
  const prefix = isPosix ? decodeUtf8(fieldBytes(block, 345, 155)) : '';
  const shortName = decodeUtf8(fieldBytes(block, 0, 100));
  const name = prefix ? `${prefix}/${shortName}` : shortName;
  const flag = String.fromCharCode(block[156] ?? 0);
  // v7 marks a directory by its trailing slash only.
  const type = flag === '\0' ? (name.endsWith('/') ? '5' : '0') : flag;
  return { name, type, size: parseSize(block.subarray(124, 136), name) };
}

/** Reads PAX records ("<length> <key>=<value>\n"); throws `checkpoint-corrupt` on a malformed one. */
export function parsePaxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(0x20, start);
    const digits = space < 0 || space - start > 8 ? '' : text(bytes, start, space - start);
    const end = start + Number(digits);
    if (!/^[1-9][0-9]*$/.test(digits) || end > bytes.length || end <= space + 1 || bytes[end - 1] !== 0x0a) {
      throw corrupt('The archive holds a malformed PAX record.');
    }
    const record = decodeUtf8(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1) throw corrupt('The archive holds a PAX record without a key.');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start = end;
  }
  return records;
}

/** The text of a GNU long name: up to the first NUL. */
export function parseLongName(bytes: Uint8Array): string {
  return decodeUtf8(fieldBytes(bytes, 0, bytes.length));
}

export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function hasValidChecksum(block: Uint8Array): boolean {
  const stated = /^ *([0-7]+)[ \0]*$/.exec(text(block, 148, 8))?.[1];
  if (stated === undefined) return false;
  let unsigned = 0;
  let signed = 0; // some old writers summed signed chars
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const sum = Number.parseInt(stated, 8);
  return sum === unsigned || sum === signed;
}

/** Octal text, or GNU's base-256 for 8 GiB and more: first bit set, the rest big-endian. */
function parseSize(field: Uint8Array, name: string): number {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(size)) return size;
  } else if (first < 0x80) {
    const digits = /^ *([0-7]*)[ \0]*$/.exec(text(field, 0, field.length))?.[1];
    if (digits !== undefined) return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  throw corrupt(`The archive states an impossible size for ${quoteName(name)}.`);
}

function fieldBytes(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function text(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length)).replace(/\0+$/, '');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (thrown) {
    throw corrupt('The archive holds a name that is not UTF-8.', thrown);
  }
}
