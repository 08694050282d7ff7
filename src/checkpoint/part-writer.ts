/**
 * Cuts a stream of bytes into parts and stores each as soon as it is full; the only place where a part is held in memory.
 *
 * After `flush` the last part may be short, so nothing can follow it: continuing such a stream takes a new writer with `resume`.
 */
import { AsrError, assert } from '../base/errors.ts';
import { checksumOf } from './checksum.ts';
import { PART_BYTES } from './part-store.ts';
import type { PartInfo, PartStore } from './part-store.ts';

const FIRST_BUFFER_BYTES = 64 * 1024;

/** Writes one stream of parts under `keyOf(0)`, `keyOf(1)`, … */
export class PartWriter {
  readonly #store: PartStore;
  readonly #keyOf: (index: number) => string;
  readonly #partBytes: number;
  readonly #parts: PartInfo[] = [];
  #buffer: Uint8Array = new Uint8Array(0);
  #filled = 0;

  constructor(store: PartStore, keyOf: (index: number) => string, partBytes: number = PART_BYTES) {
    this.#store = store;
    this.#keyOf = keyOf;
    this.#partBytes = partBytes;
  }

  /** The parts stored so far, without the bytes still in memory. */
  get parts(): readonly PartInfo[] {
    return this.#parts;
  }

  /** Starts behind parts that are stored already; `tail` is the content of a short last one, which will be written anew. */
  resume(parts: readonly PartInfo[], tail: Uint8Array): void {
    assert(this.#parts.length === 0 && this.#filled === 0, 'a part writer resumes before it writes');
    this.#parts.push(...parts);
    this.#reserve(tail.length);
    this.#buffer.set(tail);
    this.#filled = tail.length;
  }

  /** Takes `chunk` (copied); returns after every part that became full is stored. Gives true when at least one was. */
  async write(chunk: Uint8Array): Promise<boolean> {
    const numPartsBefore = this.#parts.length;
    for (let position = 0; position < chunk.length; ) {
      const length = Math.min(chunk.length - position, this.#partBytes - this.#filled);
      this.#reserve(this.#filled + length);
      this.#buffer.set(chunk.subarray(position, position + length), this.#filled);
      this.#filled += length;
      position += length;
      if (this.#filled === this.#partBytes) await this.#storePart();
    }
    return this.#parts.length > numPartsBefore;
  }

  /** Stores what is left as a short last part. */
  async flush(): Promise<void> {
    if (this.#filled > 0) await this.#storePart();
    this.#buffer = new Uint8Array(0);
  }

  async #storePart(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    const info: PartInfo = { bytes: bytes.length, checksum: checksumOf(bytes) };
    await this.#store.putPart(this.#keyOf(this.#parts.length), bytes);
    this.#parts.push(info);
    this.#filled = 0;
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const doubled = Math.max(length, FIRST_BUFFER_BYTES, this.#buffer.length * 2);
    try {
      const grown = new Uint8Array(Math.min(doubled, this.#partBytes));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    } catch (cause) {
      throw new AsrError('out-of-memory', 'No memory left for a part of the checkpoint: close other tabs.', { cause });
    }
  }
}
