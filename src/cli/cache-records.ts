/** How the folder of kept checkpoints is laid out: records by the hash of their key, parts by the token of their write. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/** A record as it lies in its file. */
export type StoredRecord = { readonly key: string; readonly record: unknown };

export function partsFolder(root: string): string {
  return join(root, 'parts');
}

export function recordsFolder(root: string): string {
  return join(root, 'records');
}

export function recordPath(root: string, key: string): string {
  return join(recordsFolder(root), hashOf(key));
}

/** Letters and digits that stand for a text of any length. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

/** Written beside and renamed, so that a reader sees the whole record or the one before. */
export async function writeRecord(path: string, { key, record }: StoredRecord): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const written = `${path}.${randomUUID()}`;
  await writeFile(written, serialize({ key, record }));
  await rename(written, path);
}

/** Undefined for none, and for one that this version of Node cannot read. */
export async function readRecord(path: string): Promise<StoredRecord | undefined> {
  try {
    const stored = deserialize(await readFile(path)) as Partial<StoredRecord> | undefined;
    return typeof stored?.key === 'string' ? (stored as StoredRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** All records, and when each was last used; what cannot be read has the key `''`. */
export async function listRecords(
  root: string,
): Promise<(StoredRecord & { readonly path: string; readonly usedAt: number })[]> {
  const names = await readdir(recordsFolder(root)).catch(() => []);
  const records = names.map(async (name) => {
    const path = join(recordsFolder(root), name);
    const stored = (await readRecord(path)) ?? { key: '', record: undefined };
    const usedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    return { ...stored, path, usedAt };
  });
  return Promise.all(records);
}

/** Says that a file or folder is in use now. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {}); // gone, or not ours: then it is used for the last time
}
