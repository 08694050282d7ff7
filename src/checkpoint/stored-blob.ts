/**
 * A stored file as a Blob that holds no bytes: they are read from the store when they are asked for, one part at a time.
 *
 * A native Blob made of the parts would keep the whole checkpoint in the browser's own process for as long as the model lives, beside the
 * session's copy. Only the methods below know the bytes: `new Blob([…])`, `Response` and structured clone see an empty Blob, so
 * whatever leaves the engine goes through `copyBlob` first.
 */
import { AsrError } from '../base/errors.ts';
import type { PartInfo, PartStore } from './part-store.ts';

export type StoredPart = PartInfo & { readonly key: string };

/** Parts that are kept for the next read; small tensors share one. */
const KEPT_PARTS = 8;

/** Reads parts for the Blobs of one checkpoint and keeps those used last. */
export class PartReader {
  readonly #store: PartStore;
  readonly #onDamaged: () => Promise<void>;
  /** The part used last comes last. */
  readonly #kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  /** @param onDamaged told when a part is missing, or is not what was written, before the read fails */
  constructor(store: PartStore, onDamaged: () => Promise<void> = async () => {}) {
    this.#store = store;
    this.#onDamaged = onDamaged;
  }

  /** The bytes of a part, verified; not to be changed. Throws `checkpoint-not-found` when it was removed or damaged. */
  read(part: StoredPart): Promise<Uint8Array<ArrayBuffer>> {
    const { key } = part;
    const bytes = this.#kept.get(key) ?? this.#load(part);
    this.#kept.delete(key);
    this.#kept.set(key, bytes);
    bytes.catch(() => this.#kept.delete(key));
    const oldest = this.#kept.size > KEPT_PARTS ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    return bytes;
  }

  async #load(part: StoredPart): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#store.readPart(part.key, part);
    if (bytes !== undefined) return bytes;
    await this.#onDamaged();
    throw new AsrError(
      'checkpoint-not-found',
      'A part of the stored checkpoint was removed or damaged: open the checkpoint again.',
    );
  }
}

/** Bytes `start` to `end` of the parts laid end to end. */
export class StoredBlob extends Blob {
  readonly #reader: PartReader;
  readonly #parts: readonly StoredPart[];
  readonly #start: number;
  readonly #end: number;

  constructor(reader: PartReader, parts: readonly StoredPart[], start = 0, end = totalBytes(parts), type = '') {
    super([], { type });
    this.#reader = reader;
    this.#parts = parts;
    this.#start = start;
    this.#end = end;
  }

  override get size(): number {
    return this.#end - this.#start;
  }

  override slice(start = 0, end: number = this.size, type = ''): Blob {
    const from = this.#start + clamp(start, this.size);
    const to = Math.max(from, this.#start + clamp(end, this.size));
    return new StoredBlob(this.#reader, this.#parts, from, to, type);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const whole = new Uint8Array(this.size);
    let position = 0;
    for await (const piece of this.#pieces()) {
      whole.set(piece, position);
      position += piece.length;
    }
    return whole;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Pieces of at most one part; views of it, which a reader may not transfer. */
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pieces = this.#pieces();
    return new ReadableStream(
      {
        async pull(controller) {
          const { value, done } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 0 }, // nothing is read ahead of its reader
    );
  }

  async *#pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    let partStart = 0;
    for (const part of this.#parts) {
      const from = Math.max(this.#start - partStart, 0);
      const to = Math.min(this.#end - partStart, part.bytes);
      if (from < to) yield (await this.#reader.read(part)).subarray(from, to);
      partStart += part.bytes;
      if (partStart >= this.#end) return;
    }
  }
}

/** A native Blob of the same bytes, which the browser may page to disk: for Blobs that leave the engine. Native ones pass through. */
export async function copyBlob(blob: Blob): Promise<Blob> {
  if (!(blob instanceof StoredBlob)) return blob;
  const copies: Blob[] = [];
  const reader = blob.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) copies.push(new Blob([next.value]));
  return new Blob(copies, { type: blob.type });
}

function totalBytes(parts: readonly StoredPart[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}

/** As `Blob.slice` reads its arguments: negative ones count from the end. */
function clamp(position: number, size: number): number {
  return position < 0 ? Math.max(0, size + position) : Math.min(position, size);
}
