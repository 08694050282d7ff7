/** Recordings of one call with boosted phrases of their own, against NeMo's `enable_per_stream_biasing` (`e2e/fixtures/biasing.json`). */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type Config, changedConfig, openModel } from '../../e2e/support/decoding.ts';
import { TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { LoadedModel } from './asr-model.ts';
import type { BiasingRequest } from './options.ts';

type Reading = {
  readonly text: string;
  readonly score: number;
  readonly y_sequence: readonly number[];
  readonly timestamp: readonly number[];
};
type Case = {
  readonly config: Config;
  readonly requests: readonly (BiasingRequest | null)[];
  readonly whole?: readonly Reading[];
  readonly pieces?: readonly Reading[];
  readonly raises?: string;
};
type Fixture = { readonly cut: number; readonly clips: readonly string[]; readonly results: Record<string, Case> };

const FIXTURE = new URL('../../e2e/fixtures/biasing.json', import.meta.url);
const { cut, clips: names, results }: Fixture = JSON.parse(readFileSync(FIXTURE, 'utf8'));
const clips = names.map((name) => openInput(name).samples);
const models = new Map<string, LoadedModel>();
/** NeMo warns and boosts nothing where it is not enabled; we refuse. */
const UNHEARD = /not_enabled$|greedy$/u;

beforeAll(async () => {
  for (const name of new Set(Object.keys(results).map((key) => key.split(' ')[0] as string)))
    models.set(name, await openModel(openGolden(name)));
}, 60_000);

test.each(Object.keys(results))('%s', async (key) => {
  const { config, requests, whole, pieces, raises } = results[key] as Case;
  const model = models.get(key.split(' ')[0] as string) as LoadedModel;
  const transcribe = async (): Promise<void> => {
    await model.changeDecodingStrategy(changedConfig(model, 'decoding', { compute_timestamps: false, ...config }));
    const together = await read(model, clips, requests);
    expectReadings(together, whole);
    const alone = await Promise.all(clips.map((clip, index) => read(model, [clip], [requests[index] ?? null])));
    expectReadings(alone.flat(), whole);
  };
  if (raises || UNHEARD.test(key)) {
    await expect(transcribe()).rejects.toMatchObject({ code: 'unsupported-option' });
    return;
  }
  await transcribe();
  if (!pieces) return;
  const first = await read(
    model,
    clips.map((clip) => clip.slice(0, cut)),
    requests,
  );
  const second = await read(
    model,
    clips.map((clip) => clip.slice(cut)),
    requests,
    first,
  );
  expectReadings(second, pieces);
});

test('an entry’s request wins over the call’s; other decoders and wrong requests are refused by name', async () => {
  const { config, requests, whole } = results['fastconformer-rnnt-bpe one'] as Case;
  const model = models.get('fastconformer-rnnt-bpe') as LoadedModel;
  await model.changeDecodingStrategy(changedConfig(model, 'decoding', { compute_timestamps: false, ...config }));
  const entries = names.map((name, index) => ({
    audio: openInput(name).file,
    ...(requests[index] && { biasingRequest: requests[index] }),
  }));
  const other = (results['fastconformer-rnnt-bpe each'] as Case).requests[0] as BiasingRequest;
  const ours = await model.transcribe(entries, { biasingRequests: [null, other, null] });
  expectReadings(
    ours.map(({ hypothesis }) => hypothesis),
    whole,
  );
  const wrong = model.transcribe([clips[0]!], { biasingRequests: [{ boostingModelCfg: { keyPhraseList: ['a'] } }] });
  await expect(wrong).rejects.toThrow(/biasingRequest\.boosting_model_cfg\.keyPhraseList/u);
  await expect(model.transcribe([clips[0]!], { biasingRequests: [other, other] })).rejects.toThrow(/2 entries for 1/u);
  const ctc = await openModel(openGolden('fastconformer-ctc-bpe'));
  await expect(ctc.transcribe([clips[0]!], { biasingRequests: [other] })).rejects.toThrow(/needs a transducer/u);
});

async function read(
  model: LoadedModel,
  audio: readonly Float32Array[],
  biasingRequests: readonly (BiasingRequest | null)[],
  partialHypothesis?: readonly Hypothesis[],
): Promise<Hypothesis[]> {
  const options = { biasingRequests, ...(partialHypothesis && { partialHypothesis }) };
  return (await model.transcribe(audio, options)).map(({ hypothesis }) => hypothesis);
}

function expectReadings(ours: readonly Hypothesis[], wanted: readonly Reading[] | undefined): void {
  wanted?.forEach((reading, index) => {
    const hypothesis = ours[index] as Hypothesis;
    expect(hypothesis.text).toBe(reading.text);
    expect(hypothesis.ySequence).toEqual(reading.y_sequence);
    expect(hypothesis.timestamp.timestep).toEqual(reading.timestamp);
    expect(Math.abs(hypothesis.score - reading.score)).toBeLessThan(
      TOLERANCE.score * Math.max(1, reading.y_sequence.length),
    );
  });
}
