/**
 * Where parts and small records rest: IndexedDB, or memory where there is none (Node, private mode, sandboxed frames).
 *
 * Parts go in as bytes and come out as bytes, one at a time: whoever needs a whole file reads it through a `StoredBlob`. In IndexedDB parts are
 * ArrayBuffers, because WebKit cannot reliably store Blobs.
 */

/**
 * Bytes of a full part: as small as a large tensor. Sessions read tensors in no order, each read brings whole parts, and browsers hold a value
 * several times while storing or reading it.
 */
export const PART_BYTES: number = 2 * 1024 * 1024;

/** What a part must be when it is read back. */
export type PartInfo = {
  readonly bytes: number;
  /** `checksumOf` the part. */
  readonly checksum: number;
};

/** A flat key-value store; whoever writes chooses keys that nobody else uses. */
export interface PartStore {
  /** False when everything is lost with the page. */
  readonly isPersistent: boolean;
  getRecord(key: string): Promise<unknown>;
  /** Stores plain data; resolves when it is committed. */
  setRecord(key: string, record: unknown): Promise<void>;
  /** Stores a part; resolves when it is committed. `bytes` may be reused afterwards. */
  putPart(key: string, bytes: Uint8Array): Promise<void>;
  /** The part's bytes, not to be changed, or undefined when it is missing, unreadable or not as `expected`; rejects when the store itself fails. */
  readPart(key: string, expected: PartInfo): Promise<Uint8Array<ArrayBuffer> | undefined>;
  delete(keys: readonly string[]): Promise<void>;
  /** Every key that starts with `prefix`, in no order. */
  keys(prefix: string): Promise<string[]>;
}

/** A store that lives as long as its object. Parts are kept as Blobs, which browsers may page to disk. */
export class MemoryPartStore implements PartStore {
  readonly isPersistent: boolean = false;
  readonly #values = new Map<string, unknown>();

  async getRecord(key: string): Promise<unknown> {
    return this.#values.get(key);
  }

  async setRecord(key: string, record: unknown): Promise<void> {
    this.#values.set(key, structuredClone(record));
  }

  async putPart(key: string, bytes: Uint8Array): Promise<void> {
    this.#values.set(key, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  }

  async readPart(key: string, expected: PartInfo): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const value = this.#values.get(key);
    if (!(value instanceof Blob) || value.size !== expected.bytes) return undefined;
    return new Uint8Array(await value.arrayBuffer());
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#values.delete(key);
  }

  async keys(prefix: string): Promise<string[]> {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix));
  }
}
