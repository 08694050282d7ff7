/**
 * Room on the user's disk: asked before a big write, believed only half.
 *
 * `navigator.storage.estimate()` can promise far more than the browser then grants, so "not enough" is taken at its word and "enough" is not:
 * the refusal of the write itself decides. Neither call exists everywhere (`persist` only in pages, nothing in Node or on plain HTTP).
 */
import { AsrError, messageOf } from '../base/errors.ts';

/** Bytes the browser says are free for this origin; undefined where it does not tell. */
export async function freeBytes(): Promise<number | undefined> {
  try {
    const { quota, usage } = (await storageManager()?.estimate?.()) ?? {};
    return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
  } catch {
    return undefined; // SecurityError in sandboxed frames
  }
}

let persistence: Promise<boolean> | undefined;

/** Asks the browser, once, not to evict this origin's data. `false` is normal: the cache then may be removed when space is short. */
export function requestPersistence(): Promise<boolean> {
  persistence ??= askPersistence();
  return persistence;
}

async function askPersistence(): Promise<boolean> {
  try {
    return (await storageManager()?.persist?.()) ?? false;
  } catch {
    return false;
  }
}

/** True for the refusals of IndexedDB that mean "no room". */
export function isQuotaExceeded(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'QuotaExceededError';
}

/** The error of a write that the browser refused: names what was needed and what is free. */
export async function storageError(neededBytes: number, thrown?: unknown): Promise<AsrError> {
  const free = await freeBytes();
  const needed = `${toMegabytes(neededBytes)} are needed`;
  const room = free === undefined ? 'the browser does not tell how much is free' : roomOf(free, neededBytes);
  if (thrown !== undefined && !isQuotaExceeded(thrown)) {
    const message = `The checkpoint could not be stored in this browser (${messageOf(thrown)}): ${needed}, ${room}. It can be used without being kept.`;
    return new AsrError('quota', message, { cause: thrown });
  }
  const message = `Not enough room to keep the checkpoint: ${needed}, ${room}. Remove stored checkpoints, or use it without keeping it.`;
  return new AsrError('quota', message, { cause: thrown });
}

/** The estimate may promise what the write was refused: then say so, a plain number would read like a mistake. */
function roomOf(free: number, neededBytes: number): string {
  const text = `${toMegabytes(free)} are free`;
  return free < neededBytes ? text : `and the browser refused although it says that ${text}`;
}

/** `123456789` → `'123.5 MB'`. */
export function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What the pages and workers of every browser, and Node, have of it: a worker has no `persist`, Node nothing at all. */
type StorageRoom = Partial<Pick<StorageManager, 'estimate' | 'persisted'>> & {
  readonly persist?: () => Promise<boolean>;
};

function storageManager(): StorageRoom | undefined {
  return (globalThis.navigator as { readonly storage?: StorageRoom } | undefined)?.storage;
}
