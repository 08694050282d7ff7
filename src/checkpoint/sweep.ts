/**
 * Removes what crashes and closed tabs left behind: parts that no manifest names, and downloads nobody came back to.
 *
 * A write or download that still runs, here or in another tab, holds its lock and is left alone; where locks do not reach other tabs, age decides.
 */
import { DOWNLOAD_PREFIX, discardDownload, downloadLock } from './download-parts.ts';
import { hasSharedLocks, ifUnlocked } from './lock.ts';
import { MANIFEST_PREFIX, PART_PREFIX, WRITING_PREFIX, asManifest, tokenOf, writeLock } from './manifest.ts';
import type { PartStore } from './part-store.ts';

const ABANDONED_WRITE_MS = 60 * 60 * 1000;
const ABANDONED_DOWNLOAD_MS = 7 * 24 * 60 * 60 * 1000;

/** One pass over the store; never throws, because nothing depends on it. */
export async function sweep(store: PartStore, now: number = Date.now()): Promise<void> {
  try {
    await sweepWrites(store, now);
    await sweepDownloads(store, now);
  } catch {
    // A store that cannot be swept is swept next time.
  }
}

async function sweepWrites(store: PartStore, now: number): Promise<void> {
  const partKeys = await store.keys(PART_PREFIX);
  const marks = await store.keys(WRITING_PREFIX);
  const tokens = new Set([...partKeys.map(tokenOf), ...marks.map((key) => key.slice(WRITING_PREFIX.length))]);
  // Read after the parts: a write that commits in between is then known.
  for (const key of await store.keys(MANIFEST_PREFIX)) {
    const manifest = asManifest(await store.getRecord(key));
    if (manifest !== undefined) tokens.delete(manifest.token);
    else await store.delete([key]); // another version's: its parts are orphans too
  }

  for (const token of tokens) {
    if (!hasSharedLocks() && now - (await touchedAt(store, WRITING_PREFIX + token)) < ABANDONED_WRITE_MS) continue;
    await ifUnlocked(writeLock(token), async () => {
      const isCommitted = await isNamedByManifest(store, token);
      if (isCommitted) return;
      await store.delete([...partKeys.filter((key) => tokenOf(key) === token), WRITING_PREFIX + token]);
    });
  }
}

async function sweepDownloads(store: PartStore, now: number): Promise<void> {
  for (const recordKey of await store.keys(DOWNLOAD_PREFIX)) {
    if (now - (await touchedAt(store, recordKey)) < ABANDONED_DOWNLOAD_MS) continue;
    const key = decodeURIComponent(recordKey.slice(DOWNLOAD_PREFIX.length));
    await ifUnlocked(downloadLock(key), () => discardDownload(store, key));
  }
}

async function isNamedByManifest(store: PartStore, token: string): Promise<boolean> {
  for (const key of await store.keys(MANIFEST_PREFIX)) {
    if (asManifest(await store.getRecord(key))?.token === token) return true;
  }
  return false;
}

async function touchedAt(store: PartStore, key: string): Promise<number> {
  const record = (await store.getRecord(key)) as { readonly touchedAt?: number } | undefined;
  return record?.touchedAt ?? 0;
}
