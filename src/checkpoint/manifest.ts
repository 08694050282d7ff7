/**
 * The record that makes stored parts a checkpoint, and the keys under which everything rests.
 *
 * The manifest is written last and is the commit mark: parts whose token no manifest names are garbage of an interrupted write.
 * Every write has its own token, so a checkpoint is replaced without its old copy ever being half gone.
 */
import { ifUnlocked } from './lock.ts';
import type { PartInfo, PartStore } from './part-store.ts';
import type { StoredPart } from './stored-blob.ts';

export const MANIFEST_VERSION = 1;

export type StoredFile = { readonly name: string; readonly bytes: number; readonly parts: readonly PartInfo[] };

/** What the writer of a checkpoint says about it. */
export type CheckpointMeta = {
  /** Shown to the user, e.g. `nvidia/parakeet-tdt_ctc-110m`. */
  readonly name: string;
  /** NeMo class. */
  readonly className: string;
  /** Whatever the engine needs to start from the files; plain data. */
  readonly data?: unknown;
};

export type Manifest = CheckpointMeta & {
  readonly version: typeof MANIFEST_VERSION;
  readonly id: string;
  readonly token: string;
  readonly files: readonly StoredFile[];
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
};

export const MANIFEST_PREFIX = 'manifest/';
export const PART_PREFIX = 'part/';
/** Marks of writes under way: `{ touchedAt }` by token. */
export const WRITING_PREFIX = 'writing/';

export function manifestKey(id: string): string {
  return MANIFEST_PREFIX + id;
}

export function partKey(token: string, fileIndex: number, partIndex: number): string {
  return `${PART_PREFIX}${token}/${fileIndex}/${partIndex}`;
}

/** The token of a key made by `partKey`. */
export function tokenOf(key: string): string {
  return key.slice(PART_PREFIX.length).split('/', 1)[0] ?? '';
}

/** The parts of a file, with their keys. */
export function partsOf({ token, files }: Manifest, fileIndex: number): StoredPart[] {
  const parts = files[fileIndex]?.parts ?? [];
  return parts.map((part, partIndex) => ({ ...part, key: partKey(token, fileIndex, partIndex) }));
}

/** The lock under which a token's parts are written, and which those who read them share: who may remove them takes it alone. */
export function writeLock(token: string): string {
  return `write:${token}`;
}

/** Removes the parts of a checkpoint that no manifest names any more, unless an open model reads them: then a later sweep does. */
export async function deleteUnusedParts(store: PartStore, manifest: Manifest): Promise<void> {
  const keys = manifest.files.flatMap((_, fileIndex) => partsOf(manifest, fileIndex).map(({ key }) => key));
  await ifUnlocked(writeLock(manifest.token), () => store.delete(keys));
}

/** A record as a manifest; undefined for anything this version did not write. */
export function asManifest(record: unknown): Manifest | undefined {
  const manifest = record as Partial<Manifest> | undefined;
  const isOurs = manifest?.version === MANIFEST_VERSION && Array.isArray(manifest.files);
  return isOurs ? (manifest as Manifest) : undefined;
}
