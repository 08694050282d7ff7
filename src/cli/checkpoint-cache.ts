/**
 * The folder in which converted checkpoints rest between two commands, and its upkeep.
 *
 * `XDG_CACHE_HOME` says where, else the place each system has for caches. It looks after itself: what nobody has opened for a month goes, and the
 * longest unused where all together grow too large.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { asManifest } from '../checkpoint/manifest.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import { useStore } from '../engine/store.ts';
import { listRecords, partsFolder, recordsFolder } from './cache-records.ts';
import { FilePartStore } from './file-part-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const UNUSED_MS = 30 * DAY_MS;
const MAX_BYTES = 20e9;

let opened: Promise<boolean> | undefined;

/** Lets the engine keep what it converts; false where no folder can be written, and then all stays in memory. */
export function openCheckpointCache(): Promise<boolean> {
  opened ??= open(cacheFolder());
  return opened;
}

/** Where checkpoints are kept. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, 'sotto');
  if (platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'sotto', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'sotto');
  return join(homedir(), '.cache', 'sotto');
}

async function open(folder: string): Promise<boolean> {
  try {
    await mkdir(partsFolder(folder), { recursive: true, mode: 0o700 });
    await mkdir(recordsFolder(folder), { recursive: true });
    await sweepCache(folder);
  } catch {
    return false; // a home that cannot be written is no reason not to run
  }
  useStore(new CheckpointStore(new FilePartStore(folder)));
  return true;
}

/** Removes what has lain unused too long, or takes too much room, and the parts that no checkpoint names. */
export async function sweepCache(
  folder: string,
  { now = Date.now(), maxBytes = MAX_BYTES }: { readonly now?: number; readonly maxBytes?: number } = {},
): Promise<void> {
  const kept = new Set<string>();
  let bytes = 0;
  for (const { path, record, usedAt } of (await listRecords(folder)).sort((a, b) => b.usedAt - a.usedAt)) {
    const manifest = asManifest(record);
    const rest = now - usedAt;
    const isInTheWay = manifest !== undefined && rest > DAY_MS && bytes + manifest.bytes > maxBytes;
    if (rest > UNUSED_MS || isInTheWay) {
      await rm(path, { force: true });
    } else if (manifest) {
      kept.add(manifest.token);
      bytes += manifest.bytes;
    }
  }
  for (const name of await readdir(partsFolder(folder))) {
    if (kept.has(name)) continue;
    const path = join(partsFolder(folder), name);
    const changedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => now,
    );
    if (now - changedAt > DAY_MS) await rm(path, { recursive: true, force: true });
  }
}
