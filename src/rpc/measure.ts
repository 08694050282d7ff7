/** Asks for the size of a download before it starts, through a worker that lives for the one call. */
import type { LoadOptions, RemoteSize, WireSource } from './protocol.ts';
import { startWorker } from './start-worker.ts';

/**
 * Name and bytes of the checkpoint behind a hub name (`owner/name`) or a URL; nothing of it is fetched.
 * Rejects with `checkpoint-not-found`, `download-failed` or `offline`.
 */
export async function measureRemote(
  nameOrUrl: string,
  { signal, onProgress: _, ...options }: LoadOptions = {},
): Promise<RemoteSize> {
  const source: WireSource = URL.canParse(nameOrUrl)
    ? { kind: 'url', url: nameOrUrl }
    : { kind: 'pretrained', name: nameOrUrl };
  const link = await startWorker({ signal });
  try {
    return await link.run((job) => link.remote.measure(job, source, options), signal);
  } finally {
    link.terminate();
  }
}
