/**
 * Parts in IndexedDB, through idb-keyval: database `sotto`, one object store, one version for ever.
 *
 * Three things the API does not tell: a connection may be closed or lost under us (reopened here, the operation repeated once), a transaction of
 * a cleared origin may never settle (hence the deadline), and over quota the request succeeds before its transaction aborts
 * (idb-keyval waits for the transaction, which is the truth).
 */
import { createStore, delMany, get, keys, set } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import { checksumOf } from './checksum.ts';
import { MemoryPartStore } from './part-store.ts';
import type { PartInfo, PartStore } from './part-store.ts';
import { isQuotaExceeded } from './quota.ts';

const DATABASE = 'sotto';
const DEADLINE_MS = 30_000;
const DEADLINE_MS_PER_MIB = 1000;
/** Names under which browsers report a connection that is gone while the data is not. */
const LOST_CONNECTION: readonly string[] = ['InvalidStateError', 'UnknownError', 'AbortError', 'TimeoutError'];

/** Opens the store that lasts, or one in memory where the browser has none or refuses it. */
export async function openPartStore(database: string = DATABASE): Promise<PartStore> {
  if (typeof indexedDB === 'undefined') return new MemoryPartStore();
  try {
    const store = new IdbPartStore(database);
    await store.getRecord('probe');
    return store;
  } catch {
    return new MemoryPartStore(); // SecurityError, a broken profile, private mode of older browsers
  }
}

/** A `PartStore` over one IndexedDB database. */
export class IdbPartStore implements PartStore {
  readonly isPersistent: boolean = true;
  readonly #database: string;
  #store: UseStore;

  constructor(database: string) {
    this.#database = database;
    this.#store = createStore(database, 'parts');
  }

  getRecord(key: string): Promise<unknown> {
    return this.#run(0, (store) => get<unknown>(key, store));
  }

  setRecord(key: string, record: unknown): Promise<void> {
    return this.#run(0, (store) => set(key, record, store));
  }

  putPart(key: string, bytes: Uint8Array): Promise<void> {
    const isWholeBuffer = bytes.byteLength === bytes.buffer.byteLength;
    const value = isWholeBuffer ? bytes.buffer : bytes.slice().buffer;
    return this.#run(value.byteLength, (store) => set(key, value, store));
  }

  async readPart(key: string, expected: PartInfo): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let value: unknown;
    try {
      value = await this.#run(expected.bytes, (store) => get<unknown>(key, store));
    } catch (error) {
      // The browser lost the file behind the record; any other failure says nothing about the part.
      if (error instanceof Error && error.name === 'NotReadableError') return undefined;
      throw error;
    }
    if (!(value instanceof ArrayBuffer) || value.byteLength !== expected.bytes) return undefined;
    const bytes = new Uint8Array(value);
    return checksumOf(bytes) === expected.checksum ? bytes : undefined;
  }

  async delete(keysToDelete: readonly string[]): Promise<void> {
    if (keysToDelete.length > 0) await this.#run(0, (store) => delMany([...keysToDelete], store));
  }

  async keys(prefix: string): Promise<string[]> {
    const all = await this.#run(0, (store) => keys<string>(store));
    return all.filter((key) => typeof key === 'string' && key.startsWith(prefix));
  }

  async #run<T>(bytes: number, operation: (store: UseStore) => Promise<T>): Promise<T> {
    const deadline = DEADLINE_MS + (bytes / 2 ** 20) * DEADLINE_MS_PER_MIB;
    try {
      return await withDeadline(operation(this.#store), deadline);
    } catch (error) {
      // After a quota refusal Firefox takes no more writes until the database is opened anew.
      if (isQuotaExceeded(error)) this.#reopen();
      if (!(error instanceof Error) || !LOST_CONNECTION.includes(error.name)) throw error;
      this.#reopen();
      return await withDeadline(operation(this.#store), deadline);
    }
  }

  #reopen(): void {
    this.#store = createStore(this.#database, 'parts');
  }
}

function withDeadline<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const onDeadline = (): void =>
      reject(new DOMException(`IndexedDB did not answer within ${milliseconds / 1000} s.`, 'TimeoutError'));
    const timer = setTimeout(onDeadline, milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
