/** Many decoding configs of two transducers against NeMo: temperatures, widths, confidence, every way of fusing (`e2e/fixtures/decoding-options.json`). */
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
  readonly y_sequence: readonly number[];
  readonly timestamp?: readonly number[];
  readonly token_confidence?: readonly number[];
  readonly word_confidence?: readonly number[];
  readonly frame_confidence?: readonly unknown[];
  readonly alignment_labels?: readonly unknown[];
};
type Answer = Wanted | { readonly count: number; readonly first: readonly Wanted[] };
type Case = { readonly config: Config; readonly hypotheses: readonly Answer[] };

const FIXTURE = new URL('../../e2e/fixtures/decoding-options.json', import.meta.url);
const cases: Record<string, Case> = JSON.parse(readFileSync(FIXTURE, 'utf8'));
const clips = ['morning', 'forty', 'river'].map((name) => openInput(name).file);
const models = new Map<string, LoadedModel>();

beforeAll(async () => {
  for (const name of new Set(Object.keys(cases).map((key) => key.split(' ')[0] as string)))
    models.set(name, await openModel(openGolden(name)));
}, 60_000);

test.each(Object.keys(cases))('%s', async (key) => {
  const { config, hypotheses } = cases[key] as Case;
  const model = models.get(key.split(' ')[0] as string) as LoadedModel;
  await model.changeDecodingStrategy(
    changedConfig(model, 'decoding', { compute_timestamps: false, ...(await withLanguageModel(config)) }),
  );
  const ours = await model.transcribe(clips);
  ours.forEach(({ hypothesis }, index) => {
    const wanted = hypotheses[index] as Answer;
    if ('first' in wanted) {
      expect(hypothesis.nBest).toHaveLength(wanted.count);
      wanted.first.forEach((reading, place) => expectReading(hypothesis.nBest?.[place] as Hypothesis, reading));
    } else expectReading(hypothesis, wanted);
  });
});

function expectReading(ours: Hypothesis, wanted: Wanted): void {
  expect(ours.text).toBe(wanted.text);
  expect(ours.ySequence).toEqual(wanted.y_sequence);
  expect(Math.abs(ours.score - wanted.score)).toBeLessThan(TOLERANCE.score * Math.max(1, wanted.y_sequence.length));
  if (wanted.timestamp) expect(ours.timestamp.timestep).toEqual(wanted.timestamp);
  if (wanted.token_confidence) expectNear(ours.tokenConfidence, wanted.token_confidence);
  if (wanted.word_confidence) expectNear(ours.wordConfidence, wanted.word_confidence);
  if (wanted.frame_confidence) expectNear(ours.frameConfidence, wanted.frame_confidence);
  const { alignments } = ours;
  if (wanted.alignment_labels && alignments && !('labels' in alignments)) {
    expect(alignments.map((frame) => frame.map(({ label }) => label))).toEqual(wanted.alignment_labels);
  }
}
