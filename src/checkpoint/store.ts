/**
 * Checkpoints kept in the browser: fixed-size parts, then a manifest (see `manifest.ts` for what makes a write atomic).
 *
 * Damage is never an error here: a checkpoint with a missing, short or changed part is removed and `get` says "not stored", so the caller
 * simply gets it again. Only a refused write is an error, 'quota', and the checkpoint can then still be used unkept.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { throwIfAborted } from '../base/abort.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import type { WriteOptions } from './checkpoint-writer.ts';
import { openPartStore } from './idb-part-store.ts';
import { MANIFEST_PREFIX, asManifest, manifestKey, partKey, partKeysOf } from './manifest.ts';
import type { CheckpointMeta, Manifest } from './manifest.ts';
import type { PartStore } from './part-store.ts';
import { requestPersistence } from './quota.ts';
import { sweep } from './sweep.ts';

export type StoredEntry = CheckpointMeta & {
  readonly id: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
};

export type StoredFiles = StoredEntry & { readonly files: CheckpointFiles };

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

  /** The checkpoint with every part verified, or undefined when it is not stored, or no longer whole. */
  async get(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<StoredFiles | undefined> {
    const manifest = await this.#manifest(id);
    if (manifest === undefined) return undefined;

    try {
      const files = await this.#readFiles(manifest, options.signal);
      if (files === undefined) await this.#remove(manifest);
      return files === undefined ? undefined : { ...toEntry(manifest), files };
    } catch {
      throwIfAborted(options.signal);
      return undefined; // the store failed, which says nothing about the checkpoint: it stays
    }
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

  /** Removes one checkpoint; fine when it is not stored. Files already handed out stay readable. */
  async delete(id: string): Promise<void> {
    const manifest = await this.#manifest(id);
    if (manifest !== undefined) await this.#remove(manifest);
  }

  /** Removes everything: checkpoints, unfinished downloads, remembered names. */
  async clear(): Promise<void> {
    await this.parts.delete(await this.parts.keys(''));
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

  async #readFiles(manifest: Manifest, signal: AbortSignal | undefined): Promise<CheckpointFiles | undefined> {
    const files = new Map<string, Blob>();
    for (const [fileIndex, file] of manifest.files.entries()) {
      const blobs: Blob[] = [];
      for (const [partIndex, part] of file.parts.entries()) {
        throwIfAborted(signal);
        const blob = await this.parts.getPart(partKey(manifest.token, fileIndex, partIndex), part);
        if (blob === undefined) return undefined;
        blobs.push(blob);
      }
      files.set(file.name, new Blob(blobs));
    }
    return files;
  }

  async #remove(manifest: Manifest): Promise<void> {
    // The manifest first: parts without one are garbage, a manifest without its parts would be a lie.
    await this.parts.delete([manifestKey(manifest.id)]);
    await this.parts.delete(partKeysOf(manifest));
  }
}

function toEntry({ id, name, className, data, bytes, storedAt }: Manifest): StoredEntry {
  return { id, name, className, data, bytes, storedAt };
}
