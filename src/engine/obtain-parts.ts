/**
 * Gets a checkpoint's runnable parts: from the store when they rest there, else from its source, converted on the way in.
 *
 * Conversion writes into the store directly; where nothing may be stored (cache off, private mode, no room) it goes to memory instead.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { AsrError, isAsrError } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { withLock } from '../checkpoint/lock.ts';
import { type CheckpointSource, type OpenedSource, type SourceOptions, openSource } from '../checkpoint/source.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import { copyBlob } from '../checkpoint/stored-blob.ts';
import { type CheckpointParts, FORMAT, type PartsMeta } from './checkpoint-parts.ts';
import { type ConvertOptions, type PartSink, convertCheckpoint, openCheckpoint, readCheckpoint } from './convert.ts';
import { originOf } from './origin.ts';
import type { PrecisionChoice, PrecisionPlan } from './precision.ts';

export type ObtainOptions = {
  /** Absent: nothing is kept. */
  readonly store?: CheckpointStore;
  readonly source: SourceOptions;
  readonly precision: PrecisionChoice;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
};

export async function obtainParts(source: CheckpointSource, options: ObtainOptions): Promise<CheckpointParts> {
  const { store, signal } = options;
  if (source.kind === 'stored') {
    const stored = await storedById(source.id, options);
    if (stored) return stored;
    const older = await store?.get(source.id, signal ? { signal } : {});
    older?.release();
    if (older) return reopen(older, options);
  }
  const opened = await openSource(source, options.source);
  const id = `${opened.id}#${FORMAT}`;
  if (!store?.isPersistent) return convertInMemory(opened, options);
  return withLock(
    id,
    async () =>
      (await anyStored(id, options)) ??
      convertIntoStore(opened, { id, origin: originOf(source, options.source, opened.id) }, store, options),
    signal,
  );
}

/** The parts in the wanted precision, where they are stored. */
async function anyStored(
  id: string,
  { store, precision, signal }: ObtainOptions,
): Promise<CheckpointParts | undefined> {
  for (const plan of precision.candidates) {
    const stored = await storedParts(store, id + plan.key, signal);
    // Somebody may have asked for small weights before; `auto` takes them only where it would have chosen them.
    if (stored && precision.choose(fp32Bytes(stored.meta)) === plan) return stored;
  }
  return undefined;
}

/** What was asked for by id; of the same checkpoint in other precisions the one that was asked for. */
async function storedById(id: string, options: ObtainOptions): Promise<CheckpointParts | undefined> {
  const { store, precision, signal } = options;
  const stored = await storedParts(store, id, signal);
  if (!stored || precision.candidates.length > 1) return stored;
  const [wanted] = precision.candidates as readonly [PrecisionPlan];
  const sibling = await anyStored(`${id.slice(0, id.lastIndexOf('#'))}#${FORMAT}`, options);
  if (!sibling && stored.meta.precision === wanted.precision) return stored; // for another device: slower, not wrong
  stored.release();
  if (sibling) return sibling;
  if (stored.meta.origin) return undefined; // it can be fetched anew
  throw new AsrError(
    'unsupported-option',
    `The stored ${stored.name} is ${stored.meta.precision}; open the checkpoint from where it came to have it in ${wanted.precision}.`,
  );
}

/** A copy that another version of Sotto converted, or in another precision: it is fetched anew where that is possible. */
async function reopen(
  { name, data }: { readonly name: string; readonly data?: unknown },
  options: ObtainOptions,
): Promise<CheckpointParts> {
  const { origin } = (data ?? {}) as Partial<PartsMeta>;
  if (origin) {
    const { source, contentId: _, ...where } = origin;
    return obtainParts(source, { ...options, source: { ...options.source, ...where } });
  }
  throw new AsrError(
    'checkpoint-unsupported',
    `${name} was stored by another version of Sotto, and its file is not at hand: open the file again, then delete the old copy with deleteStored.`,
  );
}

async function storedParts(
  store: CheckpointStore | undefined,
  id: string,
  signal: AbortSignal | undefined,
): Promise<CheckpointParts | undefined> {
  const stored = await store?.get(id, signal ? { signal } : {});
  const meta = stored?.data as PartsMeta | undefined;
  if (!stored) return undefined;
  const { name, files, release, isDamaged } = stored;
  if (meta?.format === FORMAT) return { name, meta, files, fromCache: true, release, isDamaged };
  release();
  return undefined;
}

async function convertIntoStore(
  opened: OpenedSource,
  { id, origin }: { readonly id: string; readonly origin: Pick<PartsMeta, 'origin'> },
  store: CheckpointStore,
  options: ObtainOptions,
): Promise<CheckpointParts> {
  const files = await openFiles(opened, options);
  const plan = await planFor(files, options);
  const key = id + plan.key;
  try {
    const writer = await store.beginWrite(key, { expectedBytes: opened.sizeBytes });
    try {
      const meta = await convertCheckpoint(files, writer, plan, options);
      await writer.commit({ name: opened.name, className: meta.spec.className, data: { ...meta, ...origin } });
      await store.persist();
    } finally {
      await writer.abort();
    }
    await opened.discard();
    await deleteOutdated(store, opened.id);
    const stored = await storedParts(store, key, options.signal);
    if (stored) return { ...stored, fromCache: false };
  } catch (error) {
    // No room is no reason not to run: the checkpoint is converted again, to memory.
    if (!isAsrError(error, 'quota')) throw error;
  }
  return convertFiles(files, opened.name, plan, options);
}

/** Copies of the same content that another version converted: nobody would open them again, and they are as large as this one. */
async function deleteOutdated(store: CheckpointStore, contentId: string): Promise<void> {
  for (const { id, data } of await store.list()) {
    const isOutdated = (data as Partial<PartsMeta> | undefined)?.format !== FORMAT;
    if (isOutdated && id.startsWith(`${contentId}#`)) await store.delete(id);
  }
}

async function convertInMemory(opened: OpenedSource, options: ObtainOptions): Promise<CheckpointParts> {
  const files = await openFiles(opened, options);
  return convertFiles(files, opened.name, await planFor(files, options), options);
}

function fp32Bytes({ numParameters }: { readonly numParameters: number }): number {
  return 4 * numParameters;
}

/** Only `auto` has to know how large the checkpoint is. */
async function planFor(
  files: CheckpointFiles,
  { precision: { candidates, choose } }: ObtainOptions,
): Promise<PrecisionPlan> {
  if (candidates.length === 1) return candidates[0] as PrecisionPlan;
  const { weights } = await readCheckpoint(files);
  return choose(fp32Bytes({ numParameters: weights.numParameters() }));
}

async function openFiles(opened: OpenedSource, { signal, onProgress }: ObtainOptions): Promise<CheckpointFiles> {
  const content = await opened.open({ ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  return openCheckpoint(content, signal);
}

/** Converts to memory. */
export async function convertFiles(
  files: CheckpointFiles,
  name: string,
  plan: PrecisionPlan,
  options: ConvertOptions = {},
): Promise<CheckpointParts> {
  const sink = new MemorySink();
  const meta = await convertCheckpoint(files, sink, plan, options);
  return { name, meta, files: sink.files(), fromCache: false, release: () => {}, isDamaged: () => false };
}

class MemorySink implements PartSink {
  readonly #chunks = new Map<string, BlobPart[]>();

  async write(name: string, chunk: Uint8Array | Blob): Promise<void> {
    const part = (chunk instanceof Blob ? await copyBlob(chunk) : chunk) as BlobPart;
    const chunks = this.#chunks.get(name);
    if (chunks) chunks.push(part);
    else this.#chunks.set(name, [part]);
  }

  files(): CheckpointFiles {
    return new Map([...this.#chunks].map(([name, chunks]) => [name, new Blob(chunks)]));
  }
}
