/** Transducers piece by piece: every piece goes on from the hypotheses of the ones before, as NeMo's `partial_hypothesis` does. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type Config, changedConfig, openModel, withLanguageModel } from '../../e2e/support/decoding.ts';
import { expectNear } from '../../e2e/support/expect-near.ts';
import { TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { LoadedModel } from './asr-model.ts';

type Wanted = {
  readonly text: string;
  readonly score: number;
  readonly length: number;
  readonly y_sequence: readonly number[];
  readonly timestamp: readonly number[];
  readonly token_confidence?: readonly number[];
  readonly frame_confidence?: readonly unknown[];
  readonly alignment_labels?: readonly unknown[];
};
type Case = { readonly config: Config; readonly pieces: readonly (readonly Wanted[])[] };
type Fixture = {
  readonly cuts: Readonly<Record<string, readonly number[]>>;
  readonly results: Readonly<Record<string, Case>>;
};

const FIXTURE = new URL('../../e2e/fixtures/partial-hypothesis.json', import.meta.url);
const { cuts, results }: Fixture = JSON.parse(readFileSync(FIXTURE, 'utf8'));
const clips = Object.entries(cuts).map(([name, starts]) => {
  const { samples } = openInput(name);
  return starts.map((start, index) => samples.slice(start, starts[index + 1]));
});
const models = new Map<string, LoadedModel>();

beforeAll(async () => {
  for (const name of new Set(Object.keys(results).map((key) => key.split(' ')[0] as string)))
    models.set(name, await openModel(openGolden(name)));
}, 60_000);

test.each(Object.keys(results))('%s: every piece gives what NeMo gives', async (key) => {
  const { config, pieces } = results[key] as Case;
  const model = models.get(key.split(' ')[0] as string) as LoadedModel;
  await model.changeDecodingStrategy(
    changedConfig(model, 'decoding', { compute_timestamps: false, ...(await withLanguageModel(config)) }),
  );
  let partialHypothesis: (Hypothesis | null)[] = clips.map(() => null);
  for (const [index, wanted] of pieces.entries()) {
    const audio = clips.map((clip) => clip[index] as Float32Array);
    // A worker is on the way: what goes on from a hypothesis must survive being posted.
    partialHypothesis = structuredClone(await transcribe(model, audio, partialHypothesis));
    partialHypothesis.forEach((hypothesis, clip) =>
      expectPiece(hypothesis as Hypothesis, wanted[clip] as Wanted, { isWhole: key.endsWith(' greedy') === false }),
    );
  }
});

/** NeMo's strategy `greedy` gives score and frames of the newest piece alone, beside the tokens of all; ours are of all. */
function expectPiece(ours: Hypothesis, wanted: Wanted, { isWhole }: { readonly isWhole: boolean }): void {
  expect(ours.text).toBe(wanted.text);
  expect(ours.ySequence).toEqual(wanted.y_sequence);
  expect(ours.length).toBe(wanted.length);
  expect(ours.timestamp.timestep).toHaveLength(ours.ySequence.length);
  if (!isWhole) return;
  expect(ours.timestamp.timestep).toEqual(wanted.timestamp);
  expect(Math.abs(ours.score - wanted.score)).toBeLessThan(TOLERANCE.score * Math.max(1, wanted.y_sequence.length));
  if (wanted.token_confidence) expectNear(ours.tokenConfidence, wanted.token_confidence);
  if (wanted.frame_confidence) expectNear(ours.frameConfidence, wanted.frame_confidence);
  if (wanted.alignment_labels && Array.isArray(ours.alignments))
    expect(ours.alignments.map((frame) => frame.map(({ label }: { label: number }) => label))).toEqual(
      wanted.alignment_labels,
    );
}

async function transcribe(
  model: LoadedModel,
  audio: readonly Float32Array[],
  partialHypothesis: readonly (Hypothesis | null)[],
): Promise<Hypothesis[]> {
  const found = await model.transcribe(audio, { partialHypothesis });
  return found.map(({ hypothesis }) => hypothesis);
}

test('the first piece may be an ordinary call, and timestamps span all pieces', async () => {
  const model = models.get('fastconformer-tdt-bpe') as LoadedModel;
  await model.changeDecodingStrategy(null);
  const [pieces = []] = clips;
  const [first] = await model.transcribe([pieces[0] as Float32Array]);
  const partialHypothesis = [(first as { hypothesis: Hypothesis }).hypothesis];
  const [both] = await model.transcribe([pieces[1] as Float32Array], { partialHypothesis, timestamps: true });
  const { timestamp, text, ySequence } = (both as { hypothesis: Hypothesis }).hypothesis;
  expect(timestamp.char).toHaveLength(ySequence.length);
  expect(timestamp.word?.map(({ word }) => word).join('')).toBe(text.replaceAll(' ', ''));
  const last = timestamp.word?.at(-1)?.startOffset ?? 0;
  expect(last).toBeGreaterThan(partialHypothesis[0]?.length ?? 0);
});

test('what cannot go on is refused by name', async () => {
  const model = models.get('fastconformer-rnnt-bpe') as LoadedModel;
  const [pieces = []] = clips;
  const audio = [pieces[0] as Float32Array];
  await model.changeDecodingStrategy(null);
  const [piece] = await transcribe(model, audio, [null]);
  const unsupported = { code: 'unsupported-option' };
  await expect(transcribe(model, audio, [])).rejects.toMatchObject(unsupported);
  const { decState: _, ...stateless } = piece as Hypothesis;
  await expect(transcribe(model, audio, [stateless])).rejects.toMatchObject(unsupported);
  const other = models.get('fastconformer-tdt-bpe') as LoadedModel;
  const [foreign] = await transcribe(other, audio, [null]);
  await expect(transcribe(model, audio, [foreign as Hypothesis])).rejects.toMatchObject(unsupported);
  await model.changeDecodingStrategy({ strategy: 'malsd_batch' });
  await expect(transcribe(model, audio, [piece as Hypothesis])).rejects.toMatchObject(unsupported);
});
