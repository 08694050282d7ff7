/** Converted checkpoints that rest in IndexedDB, for the page's list. */
import type { PartsMeta } from './checkpoint-parts.ts';
import type { StoredCheckpoint } from './options.ts';
import { openStore } from './store.ts';

export async function listStored(): Promise<readonly StoredCheckpoint[]> {
  const store = await openStore();
  return (await store.list()).map(({ id, name, className, data, bytes, storedAt }) => ({
    id,
    name,
    className,
    // Entries of an older format have none; they were fp32.
    precision: (data as Partial<PartsMeta> | undefined)?.precision ?? 'fp32',
    bytes,
    storedAt,
  }));
}

export async function deleteStored(id: string): Promise<void> {
  await (await openStore()).delete(id);
}
