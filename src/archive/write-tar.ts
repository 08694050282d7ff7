/**
 * Writes a `.nemo` container: an uncompressed tar with `./` names, as NeMo `_make_nemo_file_from_folder` makes it.
 *
 * The result is a Blob made of the members themselves and small headers between them: nothing is read or copied here. Times are zero, so
 * the same members give the same bytes.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { BLOCK_BYTES } from './tar-header.ts';

/** A tar of the files in their order; names over 100 bytes are given by PAX, sizes from 8 GiB in base-256. */
export function writeTar(files: CheckpointFiles): Blob {
  const parts: BlobPart[] = [makeHeader('./', 0, '5')];
  let position = BLOCK_BYTES;
  const add = (content: Blob | Uint8Array<ArrayBuffer>): void => {
    const size = content instanceof Blob ? content.size : content.byteLength;
    const padding = bytesUpTo(BLOCK_BYTES, size);
    parts.push(content, new Uint8Array(padding));
    position += size + padding;
  };

  for (const [name, content] of files) {
    const path = `./${name}`;
    if (encode(path).length > NAME_BYTES) {
      const record = makePaxRecord('path', path);
      add(makeHeader('././@PaxHeader', record.length, 'x'));
      add(record);
    }
    add(makeHeader(path, content.size, '0'));
    add(content);
  }
  const end = position + END_BYTES;
  parts.push(new Uint8Array(END_BYTES + bytesUpTo(RECORD_BYTES, end)));
  return new Blob(parts, { type: 'application/x-tar' });
}

const NAME_BYTES = 100;
/** The end mark: two zero blocks, then more zeros up to a full record, as every tar program writes. */
const END_BYTES: number = 2 * BLOCK_BYTES;
const RECORD_BYTES: number = 20 * BLOCK_BYTES;

/** How many bytes `position` is short of the next multiple of `unit`. */
function bytesUpTo(unit: number, position: number): number {
  return (unit - (position % unit)) % unit;
}

function makeHeader(path: string, size: number, type: string): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string): void => block.set(encode(text), offset);
  block.set(encode(path).subarray(0, NAME_BYTES), 0);
  put(100, type === '5' ? '0000755\0' : '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  block.set(makeSize(size), 124);
  put(136, '00000000000\0');
  put(148, '        ');
  put(156, type);
  put(257, 'ustar\x0000');
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  put(148, `${checksum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

function makeSize(size: number): Uint8Array {
  const digits = size.toString(8);
  if (digits.length <= 11) return encode(`${digits.padStart(11, '0')}\0`);
  const field = new Uint8Array(12);
  for (let i = 11, rest = size; i > 0; i--, rest = Math.floor(rest / 256)) field[i] = rest % 256;
  field[0] = 0x80;
  return field;
}

/** "<length> <key>=<value>\n", where the length counts its own digits. */
function makePaxRecord(key: string, value: string): Uint8Array<ArrayBuffer> {
  const rest = ` ${key}=${value}\n`;
  const restBytes = encode(rest).length;
  let length = restBytes + 1;
  while (String(length).length + restBytes !== length) length = String(length).length + restBytes;
  return encode(`${length}${rest}`);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
