/** Transducers by every strategy against NeMo: n-best lists, confidence, alignments, fusion; one by one and as a batch. */
import { expect, test } from 'vitest';
import {
  type Config,
  changedConfig,
  mergedConfig,
  openModel,
  transcribeEach,
  withLanguageModel,
} from '../../e2e/support/decoding.ts';
import { expectNear } from '../../e2e/support/expect-near.ts';
import { type GoldenHypothesis, TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';

type Wanted = GoldenHypothesis & {
  readonly langs?: string;
  readonly langs_chars?: readonly unknown[];
  readonly alignment_labels?: readonly unknown[];
  readonly token_duration?: readonly number[];
};
type Answer = Wanted | readonly Wanted[] | { readonly first_8: readonly Wanted[] };
type Answers = { readonly single: readonly Answer[]; readonly batch: readonly Answer[] };

function expectReading(ours: Hypothesis, wanted: Wanted): void {
  expect(ours.text).toBe(wanted.text);
  if (wanted.y_sequence) expect(ours.ySequence).toEqual(wanted.y_sequence);
  expect(Math.abs(ours.score - wanted.score)).toBeLessThan(TOLERANCE.score * Math.max(1, ours.ySequence.length));
  if (Array.isArray(wanted.timestamp)) expect(ours.timestamp.timestep).toEqual(wanted.timestamp);
}

function expectAnswer(ours: Hypothesis, wanted: Answer): void {
  if (!Array.isArray(wanted) && !('first_8' in wanted)) {
    expectReading(ours, wanted as Wanted);
    return;
  }
  const list = 'first_8' in wanted ? wanted.first_8 : (wanted as readonly Wanted[]);
  if (list === wanted) expect(ours.nBest).toHaveLength(list.length);
  list.forEach((reading, place) => expectReading(ours.nBest?.[place] as Hypothesis, reading));
}

const CONFIDENCE = {
  preserve_alignments: true,
  compute_timestamps: true,
  confidence_cfg: { preserve_frame_confidence: true, preserve_token_confidence: true, preserve_word_confidence: true },
};

const HEADS = [
  ['fastconformer-ctc-bpe', 'ctc'],
  ['conformer-ctc-bpe', 'ctc'],
  ['quartznet-ctc-char', 'ctc'],
  ['citrinet-ctc-bpe', 'ctc'],
  ['fastconformer-rnnt-bpe', 'rnnt'],
  ['fastconformer-tdt-bpe', 'rnnt'],
  ['conformer-rnnt-char', 'rnnt'],
  ['contextnet-rnnt-bpe', 'rnnt'],
  ['stateless-rnnt-bpe', 'rnnt'],
  ['agg-codeswitch-rnnt', 'rnnt'],
  ['hybrid-rnnt-ctc', 'rnnt'],
  ['hybrid-rnnt-ctc', 'ctc'],
  ['hybrid-tdt-ctc', 'rnnt'],
  ['hybrid-tdt-ctc', 'ctc'],
] as const;

test.each(HEADS)(
  '%s (%s): frame, token and word confidence and the labels of alignments equal NeMo',
  async (name, head) => {
    const golden = openGolden(name);
    const isAuxiliary = head === 'ctc' && name.startsWith('hybrid');
    const wanted = golden.json[isAuxiliary ? 'ctc.confidence' : 'confidence'] as Answers;
    const model = await openModel(golden);
    const config = changedConfig(model, isAuxiliary ? 'aux_ctc.decoding' : 'decoding', CONFIDENCE);
    await model.changeDecodingStrategy(config, { decoderType: head });

    const ours = await transcribeEach(model, golden);
    for (const kind of ['single', 'batch'] as const) {
      ours[kind].forEach((hypothesis, index) => {
        const want = wanted[kind][index] as Wanted;
        expectReading(hypothesis, want);
        expectNear(hypothesis.frameConfidence, want.frame_confidence);
        expectNear(hypothesis.tokenConfidence, want.token_confidence);
        if (want.word_confidence) expectNear(hypothesis.wordConfidence, want.word_confidence);
        if (want.token_duration) expect(hypothesis.tokenDuration).toEqual(want.token_duration);
        expect(hypothesis.langs).toBe(want.langs);
        expect(hypothesis.langsChars).toEqual(want.langs_chars);
        const { alignments } = hypothesis;
        if (want.alignment_labels && alignments) {
          const labels =
            'labels' in alignments
              ? [...alignments.labels]
              : alignments.map((frame) => frame.map(({ label }) => label));
          expect(labels).toEqual(want.alignment_labels);
        }
      });
    }
  },
);

const BEAM = { beam_size: 4, return_best_hypothesis: false, score_norm: true };
const STRATEGIES: Record<string, Config> = {
  plain_greedy: { strategy: 'greedy' },
  loop_frames: { strategy: 'greedy_batch', greedy: { loop_labels: false } },
  max_symbols_1: { strategy: 'greedy_batch', greedy: { max_symbols: 1 } },
  beam: { strategy: 'beam', beam: BEAM },
  maes: { strategy: 'maes', beam: BEAM },
  malsd_batch: { strategy: 'malsd_batch', beam: BEAM },
  maes_batch: { strategy: 'maes_batch', beam: BEAM },
  alsd: { strategy: 'alsd', beam: BEAM },
  tsd: { strategy: 'tsd', beam: BEAM },
};
/** Where NeMo stumbles over its stateless prediction network: an empty text in a batch, no batched beams. */
const NOT_COMPARED = new Set([
  'stateless-rnnt-bpe loop_frames',
  'stateless-rnnt-bpe malsd_batch',
  'stateless-rnnt-bpe maes_batch',
]);

const TRANSDUCERS = [
  'fastconformer-rnnt-bpe',
  'fastconformer-tdt-bpe',
  'hybrid-rnnt-ctc',
  'hybrid-tdt-ctc',
  'stateless-rnnt-bpe',
];
const SEARCHES = TRANSDUCERS.flatMap((name) => Object.keys(STRATEGIES).map((strategy) => [name, strategy] as const));

test.each(SEARCHES.filter((search) => !NOT_COMPARED.has(search.join(' '))))(
  '%s: %s gives the readings NeMo gives, in its order',
  async (name, strategy) => {
    const golden = openGolden(name);
    const wanted = golden.json[strategy] as Answers | { readonly raises: string };
    const model = await openModel(golden);
    const config = changedConfig(model, 'decoding', STRATEGIES[strategy] as Config);
    if ('raises' in wanted) {
      await expect(model.changeDecodingStrategy(config)).rejects.toMatchObject({ code: 'unsupported-option' });
      return;
    }
    await model.changeDecodingStrategy(config);
    const ours = await transcribeEach(model, golden);
    for (const kind of ['single', 'batch'] as const) {
      ours[kind].forEach((hypothesis, index) => expectAnswer(hypothesis, wanted[kind][index] as Answer));
    }
  },
);

const results = openGolden('decoding').json['results'] as Record<
  string,
  { decoding: Config; hypotheses: readonly Answer[] }
>;
/** Each of these configs was merged over the one before, so that phrases come on top of the language model. */
const FUSIONS = ['greedy_lm', 'greedy_boost', 'malsd_batch_lm', 'malsd_batch_boost', 'maes_batch_lm'];

test.each(FUSIONS)('transducer fusion: %s gives the readings NeMo gives', async (name) => {
  const golden = openGolden('fastconformer-rnnt-bpe');
  const model = await openModel(golden);
  let config = changedConfig(model, 'decoding', {});
  for (const step of FUSIONS.slice(0, FUSIONS.indexOf(name) + 1)) {
    config = mergedConfig(config, await withLanguageModel(results[`rnnt.${step}`]?.decoding as Config));
  }
  // NeMo ignores a tree here; we refuse it.
  if (name === 'maes_batch_lm') config = mergedConfig(config, { beam: { boosting_tree: { key_phrases_list: null } } });
  await model.changeDecodingStrategy(config);
  const { batch } = await transcribeEach(model, golden);
  batch.forEach((hypothesis, index) => expectAnswer(hypothesis, results[`rnnt.${name}`]?.hypotheses[index] as Answer));
});
