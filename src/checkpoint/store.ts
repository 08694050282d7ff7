/**
 * Checkpoints kept in the browser: fixed-size parts, then a manifest (see `manifest.ts` for what makes a write atomic).
 *
 * A checkpoint with a missing part is removed and `get` says "not stored", so the caller simply gets it again. A part that is not what was
 * written shows when it is read, because reading everything twice would double the time of opening: the read fails, `isDamaged` says why, and
 * the checkpoint is not stored any more. A refused write is an error, 'quota', and the checkpoint can then still be used unkept.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { throwIfAborted } from '../base/abort.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import type { WriteOptions } from './checkpoint-writer.ts';
import { openPartStore } from './idb-part-store.ts';
import { holdLock } from './lock.ts';
import {
  MANIFEST_PREFIX,
  PART_PREFIX,
  asManifest,
  deleteUnusedParts,
  manifestKey,
  partsOf,
  writeLock,
} from './manifest.ts';
import type { CheckpointMeta, Manifest } from './manifest.ts';
import type { PartStore } from './part-store.ts';
import { requestPersistence } from './quota.ts';
import { PartReader, StoredBlob } from './stored-blob.ts';
import { sweep } from './sweep.ts';

export type StoredEntry = CheckpointMeta & {
  readonly id: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
};

export type StoredFiles = StoredEntry & {
  /** Read from the store when they are read: `StoredBlob`s. */
  readonly files: CheckpointFiles;
  /** Ends the use of `files`; until then nobody removes what they read. */
  readonly release: () => void;
  /** Whether a read of `files` met a part that is missing or not what was written. */
  readonly isDamaged: () => boolean;
};

export type EntryToStore = { readonly name: string } & ({ readonly blob: Blob } | { readonly bytes: Uint8Array });

/** The checkpoints of this origin. */
export class CheckpointStore {
  /** The store below, shared with downloads. */
  readonly parts: PartStore;

  constructor(parts: PartStore) {
    this.parts = parts;
  }

  /** Opens the origin's store (in memory where the browser offers none) and removes what interrupted writes left. */
  static async open(database?: string): Promise<CheckpointStore> {
    const store = new CheckpointStore(await openPartStore(database));
    await store.sweep();
    return store;
  }

  /** False when everything is lost with the page. */
  get isPersistent(): boolean {
    return this.parts.isPersistent;
  }

  /** Starts to write a checkpoint; nothing is visible, and what was stored under `id` stays, until `commit`. */
  beginWrite(id: string, options: WriteOptions = {}): Promise<CheckpointWriter> {
    return CheckpointWriter.begin(this.parts, id, options);
  }

  /**
   * Stores whole files under `id`.
   *
   * @throws AsrError 'quota'; nothing is left behind then.
   */
  async put(
    id: string,
    entries: Iterable<EntryToStore> | AsyncIterable<EntryToStore>,
    options: WriteOptions & { readonly meta: CheckpointMeta },
  ): Promise<void> {
    const writer = await this.beginWrite(id, options);
    try {
      for await (const entry of entries) await writer.write(entry.name, 'blob' in entry ? entry.blob : entry.bytes);
      await writer.commit(options.meta);
    } finally {
      await writer.abort();
    }
  }

  /** True when a checkpoint is stored under `id`; its parts are not read. */
  async has(id: string): Promise<boolean> {
    return (await this.#manifest(id)) !== undefined;
  }

  /** The checkpoint, its parts verified as they are read, or undefined when it is not stored, or parts are missing. */
  async get(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<StoredFiles | undefined> {
    const manifest = await this.#manifest(id);
    if (manifest === undefined) return undefined;

    const release = await holdLock(writeLock(manifest.token));
    let isComplete: boolean;
    try {
      isComplete = await this.#isComplete(manifest);
    } catch {
      release();
      throwIfAborted(options.signal);
      return undefined; // the store failed, which says nothing about the checkpoint: it stays
    }
    if (isComplete) return { ...toEntry(manifest), ...this.#filesOf(manifest), release };
    release();
    await this.#remove(manifest);
    return undefined;
  }

  /** What is stored, newest first. */
  async list(): Promise<readonly StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (const key of await this.parts.keys(MANIFEST_PREFIX)) {
      const manifest = asManifest(await this.parts.getRecord(key));
      if (manifest !== undefined) entries.push(toEntry(manifest));
    }
    return entries.sort((a, b) => b.storedAt - a.storedAt);
  }

  /** Removes one checkpoint; fine when it is not stored. Files already handed out stay readable: their parts go with a later sweep. */
  async delete(id: string): Promise<void> {
    const manifest = await this.#manifest(id);
    if (manifest !== undefined) await this.#remove(manifest);
  }

  /** Removes everything: checkpoints (as `delete` does), unfinished downloads, remembered names. */
  async clear(): Promise<void> {
    const isPart = (key: string): boolean => key.startsWith(PART_PREFIX);
    await this.parts.delete((await this.parts.keys('')).filter((key) => !isPart(key)));
    await this.sweep();
  }

  /** Removes garbage of interrupted writes and abandoned downloads; `open` has done it once. */
  sweep(): Promise<void> {
    return sweep(this.parts);
  }

  /** Asks the browser, once, not to evict; false is normal, and the only answer in workers. */
  persist(): Promise<boolean> {
    return requestPersistence();
  }

  async #manifest(id: string): Promise<Manifest | undefined> {
    return asManifest(await this.parts.getRecord(manifestKey(id)).catch(() => undefined));
  }

  /** Looks for the parts without reading them. */
  async #isComplete(manifest: Manifest): Promise<boolean> {
    const stored = new Set(await this.parts.keys(`${PART_PREFIX}${manifest.token}/`));
    return manifest.files.every((_, fileIndex) => partsOf(manifest, fileIndex).every(({ key }) => stored.has(key)));
  }

  #filesOf(manifest: Manifest): Pick<StoredFiles, 'files' | 'isDamaged'> {
    let isDamaged = false;
    const reader = new PartReader(this.parts, async () => {
      isDamaged = true;
      // The parts stay until a sweep: others may read them.
      await this.parts.delete([manifestKey(manifest.id)]).catch(() => {});
    });
    const files = manifest.files.map(
      ({ name }, fileIndex) => [name, new StoredBlob(reader, partsOf(manifest, fileIndex))] as const,
    );
    return { files: new Map(files), isDamaged: () => isDamaged };
  }

  async #remove(manifest: Manifest): Promise<void> {
    // The manifest first: parts without one are garbage, a manifest without its parts would be a lie.
    await this.parts.delete([manifestKey(manifest.id)]);
    await deleteUnusedParts(this.parts, manifest);
  }
}

function toEntry({ id, name, className, data, bytes, storedAt }: Manifest): StoredEntry {
  return { id, name, className, data, bytes, storedAt };
}
