/** Checkpoints kept in this browser, listed and deleted through a worker that lives for the one call. */
import { createWorker } from './create-worker.ts';
import type { StoredCheckpoint } from './protocol.ts';
import { WorkerLink } from './worker-link.ts';

/** Checkpoints that open without network. */
export async function listStored(): Promise<readonly StoredCheckpoint[]> {
  return withWorker((link) => link.remote.listStored());
}

/** Deletes one stored checkpoint and frees its space; models already open go on. */
export async function deleteStored(id: string): Promise<void> {
  await withWorker((link) => link.remote.deleteStored(id));
}

async function withWorker<T>(use: (link: WorkerLink) => Promise<T>): Promise<T> {
  const link = new WorkerLink(createWorker());
  try {
    return await link.run(() => use(link));
  } finally {
    link.terminate();
  }
}
