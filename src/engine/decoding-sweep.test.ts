/** Options of NeMo's decoding configs that change the outcome, compared with NeMo (`decoding-sweep.json`); what NeMo refuses is refused. */
import { existsSync, openAsBlob, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Config, changedConfig, openModel } from '../../e2e/support/decoding.ts';
import { expectNear } from '../../e2e/support/expect-near.ts';
import { TOLERANCE, goldenFile, openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis, TransducerAlignments } from '../base/hypothesis.ts';
import type { LoadedModel } from './asr-model.ts';

type Wanted = {
  readonly text: string;
  readonly score: number;
  readonly y_sequence?: readonly number[];
  readonly timestamp?: readonly number[];
  readonly stamps?: Readonly<Record<'word' | 'segment', readonly (readonly [string, number, number])[]>>;
  readonly tokens?: readonly string[];
  readonly token_duration?: readonly number[];
  readonly token_confidence?: readonly number[];
  readonly word_confidence?: readonly number[];
  readonly frame_confidence?: readonly unknown[];
  readonly alignment_labels?: readonly unknown[];
};
type Case = {
  readonly config: Config;
  readonly hypotheses?: readonly (Wanted | readonly Wanted[])[];
  readonly raises?: string;
};

const FILE = goldenFile('decoding-sweep.json');
const LANGUAGE_MODEL = 'decoding-sweep.arpa';
const cases: Record<string, Case> = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
const models = new Map<string, LoadedModel>();
const modelOf = (key: string): string => key.split(' ')[0] as string;
/** NeMo falls over or leaves it out where beams are asked for confidence; we refuse. */
const REFUSED = /beam_conf$/u;
/** NeMo's beam_batch has no timestamps; ours are those of its tokens. */
const OURS_ALONE = 'fastconformer-ctc-bpe beam_stamps';

beforeAll(async () => {
  for (const name of new Set(Object.keys(cases).map(modelOf))) models.set(name, await openModel(openGolden(name)));
}, 120_000);

describe.runIf(existsSync(FILE))('as NeMo', () => {
  test.each(Object.keys(cases).map((key) => [key] as const))('%s', async (key) => {
    const { config, hypotheses, raises } = cases[key] as Case;
    const model = models.get(modelOf(key)) as LoadedModel;
    const changing = model.changeDecodingStrategy(
      changedConfig(model, 'decoding', { compute_timestamps: false, ...(await opened(config)) }),
    );
    const fallsOver = /^(TypeError|IndexError)/u.test(raises ?? ''); // nothing that NeMo means to refuse
    if (REFUSED.test(key) || (raises && !fallsOver && key !== OURS_ALONE)) {
      await expect(changing).rejects.toMatchObject({ code: 'unsupported-option' });
      return;
    }
    await changing;
    const { inputs } = openGolden(modelOf(key));
    const ours = await model.transcribe(inputs.slice(0, 2).map(({ file }) => file));
    if (raises) expect(ours[0]?.hypothesis.timestamp.timestep.length).toBeGreaterThan(0);
    hypotheses?.forEach((wanted, index) => {
      const { hypothesis } = ours[index] as (typeof ours)[number];
      if ('text' in wanted) expectReading(hypothesis, wanted);
      else wanted.forEach((reading, place) => expectReading(hypothesis.nBest?.[place] as Hypothesis, reading));
    });
  });
});

async function opened(config: Config): Promise<Config> {
  const entries = Object.entries(config).map(async ([key, value]) => {
    if (value === LANGUAGE_MODEL) return [key, await openAsBlob(fileURLToPath(goldenFile(LANGUAGE_MODEL)))] as const;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [key, isSection ? await opened(value as Config) : value] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function expectReading(ours: Hypothesis, wanted: Wanted): void {
  expect(ours.text).toBe(wanted.text);
  if (wanted.y_sequence) expect(ours.ySequence).toEqual(wanted.y_sequence);
  expect(Math.abs(ours.score - wanted.score)).toBeLessThan(TOLERANCE.score * Math.max(1, ours.ySequence.length));
  if (wanted.timestamp) expect(ours.timestamp.timestep).toEqual(wanted.timestamp);
  for (const kind of ['word', 'segment'] as const) {
    if (!wanted.stamps) continue;
    const spans = (ours.timestamp[kind] ?? []) as readonly { startOffset: number; endOffset: number }[];
    expect(spans.map((span) => [Reflect.get(span, kind), span.startOffset, span.endOffset])).toEqual(
      wanted.stamps[kind] ?? [],
    );
  }
  if (wanted.tokens) expect(ours.tokens).toEqual(wanted.tokens);
  if (wanted.token_duration) expect(ours.tokenDuration).toEqual(wanted.token_duration);
  if (wanted.token_confidence) expectNear(ours.tokenConfidence, wanted.token_confidence);
  if (wanted.word_confidence) expectNear(ours.wordConfidence, wanted.word_confidence);
  if (wanted.frame_confidence) expectNear(ours.frameConfidence, wanted.frame_confidence);
  if (wanted.alignment_labels)
    expect((ours.alignments as TransducerAlignments).map((frame) => frame.map(({ label }) => label))).toEqual(
      wanted.alignment_labels,
    );
}
