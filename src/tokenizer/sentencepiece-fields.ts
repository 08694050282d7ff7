/**
 * Fields of a SentencePiece model's protobuf, every length checked against the bytes left: `pbf` itself reads past the end without a word.
 *
 * Texts are bytes that may hold NUL or a byte order mark, so no string helper of `pbf` is used.
 */
import type { PbfReader } from 'pbf';
import { AsrError } from '../base/errors.ts';

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Runs `readField` for each field up to `end`; a field it leaves unread is skipped by `pbf`. */
export function readMessage(pbf: PbfReader, end: number, readField: (tag: number) => void): void {
  for (let tag = pbf.nextField(end); pbf.pos <= end; tag = pbf.nextField(end)) {
    if (tag === 0) {
      if (pbf.pos === end) return;
      throw corrupt(`field number 0 at byte ${pbf.pos}`);
    }
    readField(tag);
  }
  throw corrupt(`a field runs over its end at byte ${end}`);
}

/** @param limit of bytes */
export function readBytes(pbf: PbfReader, limit: number): Uint8Array {
  const end = lengthEnd(pbf);
  if (end - pbf.pos > limit)
    throw corrupt(`a field of ${end - pbf.pos} bytes at byte ${pbf.pos}, the limit is ${limit}`);
  const bytes = pbf.buf.subarray(pbf.pos, end);
  pbf.pos = end;
  return bytes;
}

/** Where the field ends that is about to be read. */
export function lengthEnd(pbf: PbfReader): number {
  wanted(pbf, BYTES);
  const length = pbf.readVarint();
  const end = pbf.pos + length;
  if (!(length >= 0 && end <= pbf.length))
    throw corrupt(`a field of ${length} bytes at byte ${pbf.pos}, ${pbf.length - pbf.pos} are left`);
  return end;
}

export function readInt(pbf: PbfReader): number {
  wanted(pbf, VARINT);
  return pbf.readVarint();
}

export function readFloat(pbf: PbfReader): number {
  wanted(pbf, FIXED32);
  return pbf.readFloat();
}

function wanted(pbf: PbfReader, wireType: number): void {
  if (pbf.type !== wireType) throw corrupt(`wire type ${pbf.type} instead of ${wireType} at byte ${pbf.pos}`);
}

/** Text with its NULs and byte order marks. */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

export function corrupt(what: string, cause?: unknown): AsrError {
  return new AsrError(
    'checkpoint-corrupt',
    `The SentencePiece model cannot be read: ${what}.`,
    cause === undefined ? undefined : { cause },
  );
}
