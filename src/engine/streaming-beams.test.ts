/** Beams and boosted phrases carried from chunk to chunk, against NeMo's decoding computers (`e2e/fixtures/streaming-beams.json`). */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type Config, changedConfig, openModel } from '../../e2e/support/decoding.ts';
import { TOLERANCE, goldenFolder, openGolden, wavSamples } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { LoadedModel } from './asr-model.ts';
import { decodeBuffered } from './buffered-decoding.ts';
import { planBuffered } from './buffered-options.ts';
import type { BiasingRequest, BufferedOptions, TranscribeOptions } from './options.ts';

type Case = {
  readonly config: Config;
  readonly biasing: BiasingRequest | null;
  readonly left_chunk_right_seconds: readonly [number, number, number];
  readonly ids: readonly number[];
  readonly timestamp: readonly number[];
  readonly score: number;
};
type Fixture = { readonly seconds: number; readonly results: Record<string, Case> };

const FIXTURE = new URL('../../e2e/fixtures/streaming-beams.json', import.meta.url);
const { seconds, results }: Fixture = JSON.parse(readFileSync(FIXTURE, 'utf8'));
const golden = openGolden('long-form');
const samples = wavSamples(readFileSync(new URL('long.wav', goldenFolder('long-form')))).slice(0, seconds * 16_000);
const models = new Map<string, LoadedModel>();

beforeAll(async () => {
  for (const head of ['rnnt', 'tdt']) {
    const archive = (): Blob => golden.archive(`${head}.nemo`);
    models.set(head, await openModel({ name: head, archive }));
  }
}, 60_000);

test.each(Object.keys(results))('%s: ids, frames and score of NeMo', async (key) => {
  const { config, biasing, left_chunk_right_seconds, ids, timestamp, score } = results[key] as Case;
  const model = await decodingWith(key.split(' ')[0] as string, config);
  const ours = await transcribe(model, buffered(...left_chunk_right_seconds), biasing);
  expect(ours.ySequence).toEqual(ids);
  expect(ours.timestamp.timestep).toEqual(timestamp);
  expect(Math.abs(ours.score - score)).toBeLessThan(TOLERANCE.score * Math.max(1, ids.length));
});

test.each(['rnnt', 'tdt'])(
  '%s: one chunk of the whole recording is a beam over it, with all its readings',
  async (head) => {
    const model = await decodingWith(head, {
      strategy: 'malsd_batch',
      beam: { beam_size: 4, return_best_hypothesis: false },
    });
    const whole = await transcribe(model, { long: 'full' });
    const chunk = await transcribe(model, buffered(0, seconds, 0));
    expect(chunk.nBest?.map(essence)).toEqual(whole.nBest?.map(essence));
    expect(essence(chunk)).toEqual(essence(whole));
    expect(whole.nBest?.length).toBeGreaterThan(1);
  },
);

test('after every chunk the best reading so far can be asked for, also later', async () => {
  const model = await decodingWith('tdt', { strategy: 'malsd_batch', beam: { beam_size: 4 } });
  const options = buffered(4, 2, 1);
  const asked: (() => readonly number[])[] = [];
  const { decoded } = await decodeBuffered(model, oneBlock(), {
    plan: planBuffered(model, options),
    onPiece: (soFar) => asked.push(() => soFar().emissions.map(({ token }) => token)),
  });
  const lengths = asked.map((ids) => ids().length);
  expect(lengths).toHaveLength(seconds / 2);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(lengths[0]).toBeGreaterThan(0);
  expect(asked.at(-1)?.()).toEqual(decoded.emissions.map(({ token }) => token));
});

test.each([
  ['maes', { method: 'context' }],
  ['malsd_batch', { method: 'middle' }],
] as const)('strategy %s with %j is refused', async (strategy, options) => {
  const model = await decodingWith('rnnt', { strategy, beam: { beam_size: 2 } });
  await expect(transcribe(model, { long: 'buffered', buffered: options })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('"malsd_batch" with method "context"'),
  });
});

async function* oneBlock(): AsyncGenerator<Float32Array> {
  yield samples;
}

async function decodingWith(head: string, config: Config): Promise<LoadedModel> {
  const model = models.get(head) as LoadedModel;
  await model.changeDecodingStrategy(changedConfig(model, 'decoding', { compute_timestamps: false, ...config }));
  return model;
}

async function transcribe(
  model: LoadedModel,
  options: TranscribeOptions,
  biasing: BiasingRequest | null = null,
): Promise<Hypothesis> {
  const [result] = await model.transcribe([samples], { ...options, ...(biasing && { biasingRequests: [biasing] }) });
  return result!.hypothesis;
}

function buffered(leftSeconds: number, chunkSeconds: number, rightSeconds: number): TranscribeOptions {
  const options: BufferedOptions = { method: 'context', leftSeconds, chunkSeconds, rightSeconds };
  return { long: 'buffered', buffered: options };
}

function essence({ ySequence, timestamp, score }: Hypothesis): unknown {
  return { ySequence, timestep: timestamp.timestep, score };
}
