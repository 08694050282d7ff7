/**
 * Where parts and small records rest: IndexedDB, or memory where there is none (Node, private mode, sandboxed frames).
 *
 * Parts go in as bytes and come out as Blobs: browsers may page a Blob to disk, so a checkpoint of many parts never fills the JS heap.
 * In IndexedDB parts are ArrayBuffers all the same, because WebKit cannot reliably store Blobs.
 */

/** Bytes of a full part; IndexedDB copies a value while storing it, so this bounds memory twice. */
export const PART_BYTES: number = 32 * 1024 * 1024;

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
  /** The part, or undefined when it is missing, unreadable or not as `expected`; rejects when the store itself fails. */
  getPart(key: string, expected: PartInfo): Promise<Blob | undefined>;
  delete(keys: readonly string[]): Promise<void>;
  /** Every key that starts with `prefix`, in no order. */
  keys(prefix: string): Promise<string[]>;
}

/** A store that lives as long as its object. */
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

  async getPart(key: string, expected: PartInfo): Promise<Blob | undefined> {
    const value = this.#values.get(key);
    return value instanceof Blob && value.size === expected.bytes ? value : undefined;
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#values.delete(key);
  }

  async keys(prefix: string): Promise<string[]> {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix));
  }
}
