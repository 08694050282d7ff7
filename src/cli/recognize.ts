/** Transcribes many entries in batches: memory is bounded by one batch, and results come as they are done. */
import { isAsrError } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { TranscribeOptions } from '../engine/options.ts';
import type { OpenedAudio } from './audio-argument.ts';
import { openDecodingFiles } from './decoding-argument.ts';
import { openEntry } from './entry-audio.ts';
import type { Entry } from './manifest.ts';
import type { OpenedModel } from './model-options.ts';
import { promptOptions } from './prompt.ts';

/** What one recording gave. The shape of `sotto transcribe --json` is a contract. */
export type Recognized = {
  /** As written on the command line or in the manifest. */
  readonly audio: string;
  /** Seconds; there when the manifest line had one. */
  readonly offset?: number;
  /** Seconds of audio. */
  readonly duration: number;
  /** The best reading first, then the other n-best ones. */
  readonly hypotheses: readonly Hypothesis[];
  readonly device: string;
  readonly precision: string;
  readonly seconds: {
    /** To load the model. */
    readonly load: number;
    /** From the start of loading until this recording was done. */
    readonly total: number;
  };
};

export type RecognizeOptions = TranscribeOptions & {
  /** Called for a recording that cannot be read; the others go on. Absent: the first such error ends everything. */
  readonly onBadEntry?: (entry: Entry, error: unknown) => void;
};

const DEFAULT_BATCH_SIZE = 4;
/** Batches asked for together on a GPU: recordings of similar length are then encoded together, whatever the order they stand in. */
const POOL_BATCHES = 4;

/** @throws AsrError */
export async function* recognize(
  opened: OpenedModel,
  entries: readonly Entry[],
  options: RecognizeOptions,
): AsyncGenerator<{ entry: Entry; result: Recognized }> {
  const { onBadEntry, ...transcribe } = options;
  const pool = opened.model.report.device === 'webgpu' ? POOL_BATCHES : 1;
  const batchSize = pool * (options.batchSize ?? DEFAULT_BATCH_SIZE);
  const startedAt = performance.now();
  for (const batch of batchesOf(entries, batchSize)) {
    try {
      yield* await recognizeBatch(opened, batch, transcribe, startedAt);
    } catch (error) {
      if (!onBadEntry || !isAsrError(error)) throw error;
      yield* oneByOne(opened, batch, options, startedAt);
    }
  }
}

/** Neighbours of one prompt, at most `size` at a time. */
function batchesOf(entries: readonly Entry[], size: number): Entry[][] {
  const batches: Entry[][] = [];
  for (const entry of entries) {
    const batch = batches.at(-1);
    const fits = batch && batch.length < size && JSON.stringify(batch[0]?.slots) === JSON.stringify(entry.slots);
    if (fits) batch.push(entry);
    else batches.push([entry]);
  }
  return batches;
}

/** A batch that failed, again: only the bad recordings are lost. */
async function* oneByOne(
  opened: OpenedModel,
  batch: readonly Entry[],
  { onBadEntry, ...transcribe }: RecognizeOptions,
  startedAt: number,
): AsyncGenerator<{ entry: Entry; result: Recognized }> {
  for (const entry of batch) {
    try {
      yield* await recognizeBatch(opened, [entry], transcribe, startedAt);
    } catch (error) {
      if (!isAsrError(error) || !isAboutAudio(error)) throw error;
      onBadEntry?.(entry, error);
    }
  }
}

async function recognizeBatch(
  { model, loadSeconds, prompt }: OpenedModel,
  batch: readonly Entry[],
  options: TranscribeOptions,
  startedAt: number,
): Promise<{ entry: Entry; result: Recognized }[]> {
  const audio: OpenedAudio[] = [];
  try {
    for (const entry of batch) audio.push(await openEntry(entry));
    const results = await model.transcribe(
      audio.map(({ blob }) => blob),
      { ...options, ...promptOptions(model, prompt, batch[0]?.slots), ...(await biasingOf(batch)) },
    );
    const { device, precision } = model.report;
    const total = loadSeconds + (performance.now() - startedAt) / 1000;
    return results.map(({ hypothesis, duration }, index) => {
      const entry = batch[index] as Entry;
      const { nBest = [], ...best } = hypothesis;
      const result: Recognized = {
        audio: entry.audio,
        ...(entry.offset === undefined ? {} : { offset: entry.offset }),
        duration,
        hypotheses: nBest.length > 0 ? nBest : [best],
        device,
        precision,
        seconds: { load: loadSeconds, total },
      };
      return { entry, result };
    });
  } finally {
    for (const opened of audio) opened[Symbol.dispose]();
  }
}

/** Boosted phrases of the lines, their files opened. */
async function biasingOf(batch: readonly Entry[]): Promise<Pick<TranscribeOptions, 'biasingRequests'>> {
  if (!batch.some(({ biasingRequest }) => biasingRequest)) return {};
  const opened = batch.map(({ biasingRequest }) => biasingRequest && openDecodingFiles(biasingRequest));
  return { biasingRequests: (await Promise.all(opened)).map((request) => request ?? null) };
}

/** Errors of one recording; anything else will come again with the next. */
function isAboutAudio(error: unknown): boolean {
  return ['audio-undecodable', 'audio-empty', 'download-failed'].some(
    (code) => isAsrError(error) && error.code === code,
  );
}
