/**
 * A store that cannot refuse: what the one below does not take (no room, broken, gone) stays in memory.
 *
 * For downloads: a checkpoint that cannot be kept can still be used. Records may then name parts that the store below does not have; whoever
 * resumes from them verifies each part anyway.
 */
import { MemoryPartStore } from './part-store.ts';
import type { PartInfo, PartStore } from './part-store.ts';

/** Wraps `below` for one download. */
export class SpillingPartStore implements PartStore {
  readonly #below: PartStore;
  readonly #memory = new MemoryPartStore();
  #hasSpilled = false;

  constructor(below: PartStore) {
    this.#below = below;
  }

  get isPersistent(): boolean {
    return this.#below.isPersistent && !this.#hasSpilled;
  }

  getRecord(key: string): Promise<unknown> {
    return this.#below.getRecord(key).catch(() => undefined);
  }

  setRecord(key: string, record: unknown): Promise<void> {
    return this.#below.setRecord(key, record).catch(() => {});
  }

  async putPart(key: string, bytes: Uint8Array): Promise<void> {
    if (!this.#hasSpilled) {
      try {
        return await this.#below.putPart(key, bytes);
      } catch {
        this.#hasSpilled = true;
      }
    }
    await this.#memory.putPart(key, bytes);
  }

  async readPart(key: string, expected: PartInfo): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#memory.readPart(key, expected)) ?? this.#below.readPart(key, expected).catch(() => undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#memory.delete(keys);
    await this.#below.delete(keys).catch(() => {});
  }

  async keys(prefix: string): Promise<string[]> {
    return [...(await this.#memory.keys(prefix)), ...(await this.#below.keys(prefix).catch(() => []))];
  }
}
