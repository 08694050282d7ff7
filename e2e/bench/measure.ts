/**
 * The measurements of the bench that need the engine in this process: front end, encoder against NeMo's export, decoding, streaming.
 *
 * Medians of interleaved runs after one that warms up, on the clock and in processor time: on a machine that does something else as well, only
 * the second means anything. Outputs of both encoders are compared, so that a fast wrong graph shows.
 */
import 'fake-indexeddb/auto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeWav, encodeWav } from '../../src/audio/wav.ts';
import { LoadedModel } from '../../src/engine/asr-model.ts';
import { hostValues } from '../../src/engine/encoder-tensors.ts';
import { loadModel } from '../../src/engine/load.ts';
import { type StageTimes, timeStages } from '../../src/engine/stage-times.ts';
import { measureStreaming } from './measure-streaming.ts';
import type { Row } from './row.ts';

export type MeasureOptions = {
  readonly model: Blob;
  readonly name: string;
  /** WAV; absent: 15 s of the fixtures' clips. */
  readonly audio: Blob | undefined;
  readonly fixtures: string;
  /** NeMo's own export of the encoder. */
  readonly exported: Uint8Array | undefined;
  readonly runs: number;
};

const SECONDS = 15;

export async function measure(options: MeasureOptions): Promise<{ rows: Row[]; clip: ArrayBuffer }> {
  const clip = options.audio ?? (await fixtureClip(options.fixtures));
  const { model, rows } = await loadTwice(options);
  try {
    rows.push(...(await measureMel(model, clip, options.runs)));
    rows.push(...(await measureEncoder(model, clip, options)));
    rows.push(...(await measureStages(model, clip, options.runs)));
    rows.push(...(await measureStreaming(model, clip)));
  } finally {
    await model.dispose();
  }
  return { rows, clip: await clip.arrayBuffer() };
}

/** The second load finds converted parts, as a second visit does; the database is in memory here. */
async function loadTwice({ model: file, name }: MeasureOptions): Promise<{ model: LoadedModel; rows: Row[] }> {
  const load = async (): Promise<LoadedModel> => {
    const model = await loadModel({ kind: 'file', file, name }, { device: 'wasm' });
    if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
    return model;
  };
  await (await load()).dispose();
  const startedAt = performance.now();
  const model = await load();
  const seconds = (performance.now() - startedAt) / 1000;
  if (!model.report.fromCache) throw new Error('the second load converted again');
  return {
    model,
    rows: [{ what: 'load, parts stored (sessions only)', value: seconds, unit: 's', note: 'database in memory' }],
  };
}

async function measureMel(model: LoadedModel, clip: Blob, runs: number): Promise<Row[]> {
  const samples = await samplesOf(clip);
  const times: Timing[] = [];
  model.parts.mel.extract(samples);
  for (let run = 0; run < 3 * runs; run++) times.push(await timed(() => model.parts.mel.extract(samples)));
  const seconds = samples.length / model.info.sampleRate;
  return [
    {
      what: `mel, ${seconds.toFixed(1)} s`,
      value: median(wallOf(times)),
      unit: 'ms',
      note: `${median(cpuOf(times)).toFixed(1)} of processor time`,
    },
    { what: 'mel, times real time', value: (1000 * seconds) / median(wallOf(times)), unit: 'x' },
  ];
}

async function measureEncoder(model: LoadedModel, clip: Blob, { exported, runs }: MeasureOptions): Promise<Row[]> {
  if (!exported)
    return [
      {
        what: 'encoder against NeMo’s ONNX export',
        value: 'skipped:',
        unit: '',
        note: 'no NeMo export (--nemo-export)',
      },
    ];
  const { mel, encoder, sessions } = model.parts;
  const { ort, exclusively } = sessions.instance;
  const features = mel.extract(await samplesOf(clip));
  const startedAt = performance.now();
  const theirs = await exclusively(() => ort.InferenceSession.create(exported, { executionProviders: ['wasm'] }));
  const createSeconds = (performance.now() - startedAt) / 1000;
  const feeds = {
    audio_signal: new ort.Tensor('float32', features.data, [1, features.numFeatures, features.numFrames]),
    length: new ort.Tensor('int64', [BigInt(features.numFrames)], [1]),
  };
  const runTheirs = () => exclusively(() => theirs.run(feeds));
  const runOurs = () => encoder.encode([features], model.context);

  const difference = await compare(
    await hostValues((await runOurs()).tensor),
    (await runTheirs())['outputs'] as NonNullable<Awaited<ReturnType<typeof runTheirs>>[string]>,
  );
  const [ours, nemo]: [Timing[], Timing[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    // Whoever comes second finds warmer caches: they take turns.
    for (const isOurs of run % 2 === 0 ? [true, false] : [false, true])
      (isOurs ? ours : nemo).push(await timed(isOurs ? runOurs : runTheirs));
  }
  await exclusively(() => theirs.release());
  return [
    {
      what: 'encoder, Sotto',
      value: median(wallOf(ours)),
      unit: 'ms',
      note: `${median(cpuOf(ours)).toFixed(0)} of processor time`,
    },
    {
      what: 'encoder, NeMo’s ONNX export',
      value: median(wallOf(nemo)),
      unit: 'ms',
      note: `${median(cpuOf(nemo)).toFixed(0)} of processor time; same onnxruntime-web, interleaved`,
    },
    {
      what: 'encoder, Sotto : export',
      value: median(cpuOf(ours).map((time, run) => time / (nemo[run] as Timing).cpu)),
      unit: '',
      note: `median of pairs in processor time; outputs differ by ${difference.toExponential(1)} at most`,
    },
    { what: 'session of NeMo’s export', value: createSeconds, unit: 's' },
  ];
}

/** Ours is [frames, size], theirs [size, frames]. */
async function compare(
  ours: Float32Array,
  theirs: { readonly data: unknown; readonly dims: readonly number[] },
): Promise<number> {
  const [, size = 0, frames = 0] = theirs.dims;
  const values = theirs.data as Float32Array;
  let worst = 0;
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < size; channel++)
      worst = Math.max(worst, Math.abs(ours[frame * size + channel]! - values[channel * frames + frame]!));
  }
  return worst;
}

async function measureStages(model: LoadedModel, clip: Blob, runs: number): Promise<Row[]> {
  const { seconds, numTokens } = await timeStages(model, clip);
  const all: StageTimes[] = [];
  for (let run = 0; run < runs; run++) all.push((await timeStages(model, clip)).times);
  const stages = Object.keys(all[0] ?? {}) as (keyof StageTimes)[];
  const total = median(all.map((times) => Object.values(times).reduce((sum, time) => sum + time, 0)));
  return [
    ...stages.map((stage) => ({ what: `stage ${stage}`, value: median(all.map((times) => times[stage])), unit: 'ms' })),
    { what: 'tokens', value: numTokens, unit: '' },
    { what: 'whole, times real time (RTFx)', value: (1000 * seconds) / total, unit: 'x' },
  ];
}

type Timing = { readonly wall: number; readonly cpu: number };

/** Milliseconds on the clock, and of this process's threads. */
async function timed(work: () => unknown): Promise<Timing> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - startedAt, cpu: (user + system) / 1000 };
}

function cpuOf(timings: readonly Timing[]): number[] {
  return timings.map(({ cpu }) => cpu);
}

function wallOf(timings: readonly Timing[]): number[] {
  return timings.map(({ wall }) => wall);
}

async function samplesOf(clip: Blob): Promise<Float32Array> {
  return (await decodeWav(clip)).channels[0] as Float32Array;
}

/** The clips one after another, again and again. */
export async function fixtureClip(folder: string, seconds: number = SECONDS): Promise<Blob> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.wav'))
    .sort();
  const samples = new Float32Array(seconds * 16_000);
  for (let position = 0, index = 0; position < samples.length; index++) {
    const bytes = readFileSync(join(folder, names[index % names.length] as string));
    const next = await samplesOf(new Blob([bytes]));
    samples.set(next.subarray(0, samples.length - position), position);
    position += next.length;
  }
  return encodeWav(samples, 16_000);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
}
