/**
 * Writes one checkpoint into the store, file after file, holding no more than one part in memory.
 *
 * Nothing exists before `commit`: any failure on the way (no room, a cancelled job) removes what was written, and a crash leaves parts that the
 * next sweep removes. The writer holds a lock by its token, which is how the sweep of another tab knows that it lives.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import { acquireLock } from './lock.ts';
import {
  MANIFEST_VERSION,
  PART_PREFIX,
  WRITING_PREFIX,
  asManifest,
  manifestKey,
  deleteUnusedParts,
  partKey,
  writeLock,
} from './manifest.ts';
import type { CheckpointMeta, Manifest, StoredFile } from './manifest.ts';
import { PART_BYTES } from './part-store.ts';
import type { PartStore } from './part-store.ts';
import { PartWriter } from './part-writer.ts';
import { freeBytes, storageError } from './quota.ts';

/** Blobs are read in pieces of this size. */
const READ_BYTES = 4 * 1024 * 1024;

export type WriteOptions = {
  /** Bytes about to be written, as far as known: lets a hopeless write fail before it starts, and names the need in errors. */
  readonly expectedBytes?: number;
  /** @default PART_BYTES; smaller in tests */
  readonly partBytes?: number;
};

/** One write under way; ends with `commit` or `abort`. */
export class CheckpointWriter {
  readonly #store: PartStore;
  readonly #id: string;
  readonly #token: string;
  readonly #release: () => void;
  readonly #partBytes: number;
  readonly #expectedBytes: number;
  readonly #files: StoredFile[] = [];
  #current: { readonly name: string; readonly writer: PartWriter; bytes: number } | undefined;
  #bytes = 0;
  #isOver = false;

  /** Use `CheckpointStore.beginWrite`. */
  static async begin(store: PartStore, id: string, options: WriteOptions): Promise<CheckpointWriter> {
    const { expectedBytes = 0 } = options;
    const free = store.isPersistent ? await freeBytes() : undefined;
    if (free !== undefined && free < expectedBytes) throw await storageError(expectedBytes);

    const token = randomToken();
    const release = await acquireLock(writeLock(token));
    const writer = new CheckpointWriter(store, id, token, release, options);
    await writer.#orAbort(() => writer.#touch());
    return writer;
  }

  private constructor(store: PartStore, id: string, token: string, release: () => void, options: WriteOptions) {
    this.#store = store;
    this.#id = id;
    this.#token = token;
    this.#release = release;
    this.#partBytes = options.partBytes ?? PART_BYTES;
    this.#expectedBytes = options.expectedBytes ?? 0;
  }

  /**
   * Appends to the file `name`. Files follow one another: once another name was written to, a file is complete.
   *
   * @throws AsrError 'quota' when the browser refuses; everything written so far is removed then.
   */
  async write(name: string, chunk: Uint8Array | Blob): Promise<void> {
    if (this.#isOver) throw new TypeError('This checkpoint writer has ended.');
    if (this.#files.some((file) => file.name === name)) throw new TypeError(`The file '${name}' is already complete.`);
    await this.#orAbort(async () => {
      if (this.#current?.name !== name) {
        await this.#endFile();
        const fileIndex = this.#files.length;
        const keyOf = (index: number): string => partKey(this.#token, fileIndex, index);
        this.#current = { name, writer: new PartWriter(this.#store, keyOf, this.#partBytes), bytes: 0 };
      }
      if (chunk instanceof Uint8Array) return this.#append(chunk);
      for (let start = 0; start < chunk.size; start += READ_BYTES) {
        const piece = chunk.slice(start, Math.min(chunk.size, start + READ_BYTES));
        await this.#append(new Uint8Array(await piece.arrayBuffer()));
      }
    });
  }

  /** Makes everything written visible under the id, in place of what was there. */
  async commit(meta: CheckpointMeta): Promise<void> {
    if (this.#isOver) throw new TypeError('This checkpoint writer has ended.');
    await this.#orAbort(async () => {
      await this.#endFile();
      const manifest: Manifest = {
        ...meta,
        version: MANIFEST_VERSION,
        id: this.#id,
        token: this.#token,
        files: this.#files,
        bytes: this.#bytes,
        storedAt: Date.now(),
      };
      const previous = asManifest(await this.#store.getRecord(manifestKey(this.#id)));
      await this.#store.setRecord(manifestKey(this.#id), manifest);
      this.#end();
      await this.#store.delete([WRITING_PREFIX + this.#token]).catch(() => {}); // the sweep takes them later
      if (previous) await deleteUnusedParts(this.#store, previous).catch(() => {});
    });
  }

  /** Removes everything written; does nothing after `commit`. */
  async abort(): Promise<void> {
    if (this.#isOver) return;
    try {
      const parts = await this.#store.keys(`${PART_PREFIX}${this.#token}/`);
      await this.#store.delete([...parts, WRITING_PREFIX + this.#token]);
    } catch {
      // The store is gone or stuck: the next sweep removes what is left.
    } finally {
      this.#end();
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    current.bytes += bytes.length;
    this.#bytes += bytes.length;
    if (await current.writer.write(bytes)) await this.#touch();
  }

  async #endFile(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    await current.writer.flush();
    this.#files.push({ name: current.name, bytes: current.bytes, parts: [...current.writer.parts] });
    this.#current = undefined;
  }

  #touch(): Promise<void> {
    return this.#store.setRecord(WRITING_PREFIX + this.#token, { touchedAt: Date.now() });
  }

  async #orAbort(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.abort();
      if (isAsrError(error) || error instanceof TypeError) throw error;
      const isUnreadable =
        error instanceof Error && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
      if (isUnreadable)
        throw new AsrError('checkpoint-corrupt', 'A file of the checkpoint changed while it was read.', {
          cause: error,
        });
      throw await storageError(Math.max(this.#expectedBytes, this.#bytes), error);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#current = undefined;
    this.#release();
  }
}

function randomToken(): string {
  const words = crypto.getRandomValues(new Uint32Array(4)); // not randomUUID: it is missing on plain HTTP
  return Array.from(words, (word) => word.toString(36)).join('-');
}
