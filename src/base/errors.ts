/**
 * The one error class of Sotto, and the codes a caller can branch on.
 *
 * Wrong arguments are `TypeError`s; everything the world does to us (a broken file, a lost network, a lost GPU) is an `AsrError`.
 * The class is rebuilt on the page's side of the worker boundary (`rpc/errors.ts`), so test `error.code`, not identity.
 */
export type ErrorCode =
  | 'checkpoint-not-found'
  | 'checkpoint-corrupt'
  | 'checkpoint-unsupported'
  | 'wrong-class'
  | 'download-failed'
  | 'integrity'
  | 'quota'
  | 'offline'
  | 'audio-undecodable'
  | 'audio-empty'
  | 'manifest-invalid'
  | 'microphone'
  | 'device-unavailable'
  | 'device-lost'
  | 'out-of-memory'
  | 'self-test-failed'
  | 'unsupported-option'
  | 'disposed'
  | 'cancelled';

/** Something outside the caller's control failed. `message` says what happened, with what, and what to do. */
export class AsrError extends Error {
  override readonly name = 'AsrError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an `AsrError`, also one from another realm (worker, frame). */
export function isAsrError(value: unknown, code?: ErrorCode): value is AsrError {
  if (!(value instanceof Error) || value.name !== 'AsrError' || !('code' in value)) return false;
  return code === undefined || value.code === code;
}

/** A bug of ours, never the user's: throws a plain `Error`. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
