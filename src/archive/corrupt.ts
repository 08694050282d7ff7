/**
 * Errors about bytes that somebody else wrote.
 *
 * Names out of a file are hostile too: they reach the page inside a message, so control and bidirectional characters are spelled out
 * and long names cut.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import { MAX_LABEL_CHARS } from './limits.ts';

/** `AsrError('checkpoint-corrupt')` with the cause kept. */
export function corrupt(message: string, cause?: unknown): AsrError {
  return new AsrError('checkpoint-corrupt', message, cause === undefined ? undefined : { cause });
}

/** A name out of a file, quoted and safe to show. */
export function quoteName(name: string): string {
  const cut = name.length > MAX_LABEL_CHARS ? `${name.slice(0, MAX_LABEL_CHARS)}…` : name;
  return `“${cut.replace(UNPRINTABLE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)}”`;
}

/** An `AsrError` as it is; anything else (a library's error, a failed read) becomes `checkpoint-corrupt` with that as its cause. */
export function asCorrupt(thrown: unknown, message: string): AsrError {
  if (isAsrError(thrown)) return thrown;
  // A read that fails is the disk's or the browser's fault, not the file's: the name tells.
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'NotFoundError' || name === 'NotReadableError') {
    return new AsrError(
      'checkpoint-not-found',
      'The checkpoint can no longer be read: it was moved, changed or removed. Choose it again.',
      {
        cause: thrown,
      },
    );
  }
  return corrupt(message, thrown);
}

// C0, C1, zero-width, line separators, bidirectional overrides and isolates, lone surrogates.
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
