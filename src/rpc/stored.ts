/** Checkpoints kept in this browser, listed and deleted through a worker that lives for the one call. */
import type { StoredCheckpoint } from './protocol.ts';
import { startWorker } from './start-worker.ts';
import type { WorkerLink } from './worker-link.ts';

/** Checkpoints that open without network. */
export async function listStored(): Promise<readonly StoredCheckpoint[]> {
  return withWorker((link) => link.remote.listStored());
}

/** Deletes one stored checkpoint and frees its space; models already open go on. */
export async function deleteStored(id: string): Promise<void> {
  await withWorker((link) => link.remote.deleteStored(id));
}

async function withWorker<T>(use: (link: WorkerLink) => Promise<T>): Promise<T> {
  const link = await startWorker();
  try {
    return await link.run(() => use(link));
  } finally {
    link.terminate();
  }
}
