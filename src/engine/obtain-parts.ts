/**
 * Gets a checkpoint's runnable parts: from the store when they rest there, else from its source, converted on the way in.
 *
 * Conversion writes into the store directly; where nothing may be stored (cache off, private mode, no room) it goes to memory instead.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { isAsrError } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { withLock } from '../checkpoint/lock.ts';
import { type CheckpointSource, type OpenedSource, type SourceOptions, openSource } from '../checkpoint/source.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import { type CheckpointParts, FORMAT, type PartsMeta } from './checkpoint-parts.ts';
import { type PartSink, convertCheckpoint, openCheckpoint } from './convert.ts';

export type ObtainOptions = {
  /** Absent: nothing is kept. */
  readonly store?: CheckpointStore;
  readonly source: SourceOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
};

export async function obtainParts(source: CheckpointSource, options: ObtainOptions): Promise<CheckpointParts> {
  const { store, signal } = options;
  if (source.kind === 'stored') {
    const stored = await storedParts(store, source.id, signal);
    if (stored) return stored;
  }
  const opened = await openSource(source, options.source);
  const id = `${opened.id}#${FORMAT}`;
  if (!store?.isPersistent) return convertInMemory(opened, options);
  return withLock(
    id,
    async () => (await storedParts(store, id, signal)) ?? convertIntoStore(opened, id, store, options),
    signal,
  );
}

async function storedParts(
  store: CheckpointStore | undefined,
  id: string,
  signal: AbortSignal | undefined,
): Promise<CheckpointParts | undefined> {
  const stored = await store?.get(id, signal ? { signal } : {});
  const meta = stored?.data as PartsMeta | undefined;
  return stored && meta?.format === FORMAT
    ? { name: stored.name, meta, files: stored.files, fromCache: true }
    : undefined;
}

async function convertIntoStore(
  opened: OpenedSource,
  id: string,
  store: CheckpointStore,
  options: ObtainOptions,
): Promise<CheckpointParts> {
  const files = await openFiles(opened, options);
  try {
    const writer = await store.beginWrite(id, { expectedBytes: opened.sizeBytes });
    try {
      const meta = await convertCheckpoint(files, writer, options);
      await writer.commit({ name: opened.name, className: meta.spec.className, data: meta });
      await store.persist();
    } finally {
      await writer.abort();
    }
    await opened.discard();
    const stored = await storedParts(store, id, options.signal);
    if (stored) return { ...stored, fromCache: false };
  } catch (error) {
    // No room is no reason not to run: the checkpoint is converted again, to memory.
    if (!isAsrError(error, 'quota')) throw error;
  }
  return convertFiles(files, opened.name, options);
}

async function convertInMemory(opened: OpenedSource, options: ObtainOptions): Promise<CheckpointParts> {
  return convertFiles(await openFiles(opened, options), opened.name, options);
}

async function openFiles(opened: OpenedSource, { signal, onProgress }: ObtainOptions): Promise<CheckpointFiles> {
  const content = await opened.open({ ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  return openCheckpoint(content, signal);
}

async function convertFiles(files: CheckpointFiles, name: string, options: ObtainOptions): Promise<CheckpointParts> {
  const sink = new MemorySink();
  const meta = await convertCheckpoint(files, sink, options);
  return { name, meta, files: sink.files(), fromCache: false };
}

class MemorySink implements PartSink {
  readonly #chunks = new Map<string, BlobPart[]>();

  async write(name: string, chunk: Uint8Array | Blob): Promise<void> {
    const chunks = this.#chunks.get(name);
    if (chunks) chunks.push(chunk as BlobPart);
    else this.#chunks.set(name, [chunk as BlobPart]);
  }

  files(): CheckpointFiles {
    return new Map([...this.#chunks].map(([name, chunks]) => [name, new Blob(chunks)]));
  }
}
