/** Converted checkpoints that rest in IndexedDB, for the page's list. */
import type { StoredCheckpoint } from './options.ts';
import { openStore } from './store.ts';

export async function listStored(): Promise<readonly StoredCheckpoint[]> {
  const store = await openStore();
  return (await store.list()).map(({ id, name, className, bytes, storedAt }) => ({
    id,
    name,
    className,
    bytes,
    storedAt,
  }));
}

export async function deleteStored(id: string): Promise<void> {
  await (await openStore()).delete(id);
}
