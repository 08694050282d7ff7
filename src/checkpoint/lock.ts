/**
 * One at a time, over all tabs of the origin: two tabs that want the same checkpoint download and convert it once.
 *
 * A Web Lock ends with the tab that holds it (even by a crash), so nobody waits for the dead. Where there are no Web Locks (Node before 24,
 * sandboxed frames, plain HTTP) the lock holds within this realm only. Not re-entrant: asking again from inside `fn` waits for ever.
 */
import { AsrError } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';

/** The tail of each realm-wide queue; entries go away with their last waiter. */
const tails = new Map<string, Promise<void>>();
/** How many in this realm share a name. */
const numHolders = new Map<string, number>();

/**
 * Runs `fn` while nobody else runs under `name`, and gives its result or error.
 *
 * @throws AsrError 'cancelled' when `signal` fires while waiting; once `fn` runs, the signal is its own business.
 */
export async function withLock<T>(name: string, fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  const manager = lockManager();
  if (manager === undefined) return withRealmLock(name, fn, signal);

  let hasStarted = false;
  const run = (): Promise<T> => {
    hasStarted = true;
    return fn();
  };
  try {
    return (await manager.request(`sotto:${name}`, signal === undefined ? {} : { signal }, run)) as T;
  } catch (error) {
    if (hasStarted) throw error;
    throwIfAborted(signal);
    return withRealmLock(name, fn, signal); // SecurityError: the frame may not use locks
  }
}

/** Takes the lock and keeps it until the returned function is called. */
export function acquireLock(name: string, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const { promise: released, resolve: release } = promiseWithResolvers();
    const hold = (): Promise<void> => {
      resolve(release);
      return released;
    };
    withLock(name, hold, signal).catch(reject);
  });
}

/** Shares the lock with everybody else who holds it so, once nobody has it alone; the returned function ends that. Tabs that end let go too. */
export async function holdLock(name: string): Promise<() => void> {
  const { promise: released, resolve: release } = promiseWithResolvers();
  numHolders.set(name, (numHolders.get(name) ?? 0) + 1);
  void released.then(() => {
    const rest = (numHolders.get(name) ?? 1) - 1;
    if (rest > 0) numHolders.set(name, rest);
    else numHolders.delete(name);
  });
  const manager = lockManager();
  if (manager !== undefined) {
    await new Promise<void>((resolve) => {
      const hold = (): Promise<void> => {
        resolve();
        return released;
      };
      // SecurityError: the frame may not use locks, and nothing of it lasts either.
      manager.request(`sotto:${name}`, { mode: 'shared' }, hold).catch(() => resolve());
    });
  }
  return release;
}

/** Runs `fn` only when nobody holds `name` now, anywhere; tells whether it ran. */
export async function ifUnlocked(name: string, fn: () => Promise<void>): Promise<boolean> {
  if (tails.has(name) || numHolders.has(name)) return false;
  const manager = lockManager();
  if (manager === undefined) {
    await withRealmLock(name, fn, undefined);
    return true;
  }
  return (await manager.request(`sotto:${name}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await fn();
    return true;
  })) as boolean;
}

/** True where a lock holds over all tabs, not only in this realm. */
export function hasSharedLocks(): boolean {
  return lockManager() !== undefined;
}

function lockManager(): LockManager | undefined {
  return (globalThis.navigator as { readonly locks?: LockManager } | undefined)?.locks;
}

async function withRealmLock<T>(name: string, fn: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const before = tails.get(name);
  const { promise: done, resolve: finish } = promiseWithResolvers();
  const tail = (before ?? Promise.resolve()).then(() => done);
  tails.set(name, tail);
  try {
    if (before !== undefined) await orAborted(before, signal);
    return await fn();
  } finally {
    finish();
    void tail.then(() => {
      if (tails.get(name) === tail) tails.delete(name);
    });
  }
}

function orAborted(waiting: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(new AsrError('cancelled', 'The operation was cancelled.', { cause: signal.reason }));
    signal.addEventListener('abort', onAbort, { once: true });
    void waiting.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

function promiseWithResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
