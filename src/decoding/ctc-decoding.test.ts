/** CTC decoding on NeMo's fixed scores: greedy and beams, with and without a language model and boosted phrases. */
import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { TOLERANCE, goldenFolder, openGolden } from '../../e2e/support/golden.ts';
import type { BeamReading } from './beam-path.ts';
import { decodeCtcBeam } from './ctc-beam.ts';
import { chooseCtcFused } from './ctc-fused-greedy.ts';
import { decodeCtcWords } from './ctc-word-beam.ts';
import { WordLm } from './word-lm.ts';
import { decodeCtcGreedy } from './ctc-greedy.ts';
import type { WeightedFusion } from './fusion.ts';
import { loadNgramLm } from './ngram-lm.ts';

type Wanted = {
  readonly score: number;
  readonly y_sequence: readonly number[];
  readonly timestamp?: readonly unknown[];
};
type Case<T> = {
  readonly decoding: { readonly beam?: BeamConfig; readonly greedy?: GreedyConfig };
  readonly hypotheses: readonly T[];
};
type BeamConfig = { beam_size: number; beam_beta: number; ngram_lm_alpha: number; ngram_lm_model?: string };
type GreedyConfig = { ngram_lm_alpha: number; ngram_lm_model?: string };
type Inputs = { readonly lengths: readonly number[]; readonly clips: readonly string[] };

const golden = openGolden('decoding');
const results = golden.json['results'] as Record<string, unknown>;
type Family = 'char' | 'bpe';

function numClassesOf(family: Family): number {
  const { clips } = results[`ctc.${family}.inputs`] as Inputs;
  return golden.array(`ctc.${family}.${clips[0]}.log_probs`).shape[1] as number;
}

async function fusionOf(
  config: { ngram_lm_alpha: number; ngram_lm_model?: string } | undefined,
  numClasses: number,
): Promise<WeightedFusion[]> {
  if (!config?.ngram_lm_model) return [];
  const file = await openAsBlob(fileURLToPath(new URL(config.ngram_lm_model, goldenFolder('decoding'))));
  return [
    {
      model: await loadNgramLm(file, { vocabularySize: numClasses - 1, asKenlm: false }),
      alpha: config.ngram_lm_alpha,
      scoresEnd: true,
    },
  ];
}

/** @param run is told too whether NeMo scored padding frames of the clip: its beam adds their scores, which orders nothing but costs paths */
function eachClip(family: Family, run: (logProbs: Float32Array, clip: number, isPadded: boolean) => void): void {
  const { lengths, clips } = results[`ctc.${family}.inputs`] as Inputs;
  clips.forEach((name, clip) => {
    const { data } = golden.array(`ctc.${family}.${name}.log_probs`);
    const size = lengths[clip]! * numClassesOf(family);
    run(data.subarray(0, size), clip, size < data.length);
  });
}

test.each(['char', 'bpe'] as const)(
  '%s: greedy CTC with a language model chooses the classes NeMo chooses',
  async (family) => {
    const numClasses = numClassesOf(family);
    const { decoding, hypotheses } = results[`ctc.${family}.greedy_lm`] as Case<Wanted>;
    const fusion = await fusionOf(decoding.greedy, numClasses);
    eachClip(family, (logProbs, clip) => {
      const wanted = hypotheses[clip]!;
      const { ids, best } = chooseCtcFused(logProbs, numClasses, fusion);
      expect([...ids]).toEqual(wanted.y_sequence);
      const { score, emissions } = decodeCtcGreedy(ids, best, numClasses - 1);
      expect(Math.abs(score - wanted.score)).toBeLessThan(TOLERANCE.score * emissions.length);
    });
  },
);

const BEAMS = ['beam_batch_1', 'beam_batch_4', 'beam_batch_16', 'beam_batch_8_beta_1', 'beam_batch_8_lm'];
test.each(BEAMS.flatMap((name) => [[name, 'char'] as const, [name, 'bpe'] as const]))(
  '%s (%s) gives the n-best list of NeMo',
  async (name, family) => {
    const numClasses = numClassesOf(family);
    const { decoding, hypotheses } = results[`ctc.${family}.${name}`] as Case<
      readonly Wanted[] | { first_8: readonly Wanted[]; n_best_count: number }
    >;
    const beam = decoding.beam!;
    const fusion = await fusionOf(beam, numClasses);
    eachClip(family, (logProbs, clip, isPadded) => {
      const readings = decodeCtcBeam(logProbs, numClasses, {
        beamSize: beam.beam_size,
        beamBeta: beam.beam_beta,
        beamThreshold: 20,
        fusion,
      });
      const wanted = hypotheses[clip]!;
      const list = 'first_8' in wanted ? wanted.first_8 : wanted;
      if (!isPadded) expect(readings).toHaveLength('first_8' in wanted ? wanted.n_best_count : wanted.length);
      expectReadings(readings.slice(0, list.length), list, isPadded);
    });
  },
);

const WORD_BEAMS = ['pyctcdecode_8', 'pyctcdecode_8_lm'].flatMap((name) => [
  [name, 'char'] as const,
  [name, 'bpe'] as const,
]);
const isMade = ([name, family]: (typeof WORD_BEAMS)[number]): boolean =>
  !('raises' in (results[`ctc.${family}.${name}`] as { hypotheses: object }).hypotheses);
test.skip.each(WORD_BEAMS.filter((beam) => !isMade(beam)))('%s (%s): the set was made without pyctcdecode', () => {});

test.each(WORD_BEAMS.filter(isMade))('%s (%s) gives the texts of NeMo', async (name, family) => {
  const { vocabulary } = results[`ctc.${family}.inputs`] as { vocabulary: string[] };
  const { decoding, hypotheses } = results[`ctc.${family}.${name}`] as Case<readonly (Wanted & { text: string })[]>;
  const { beam_size: beamSize, beam_beta: beta, ngram_lm_alpha: alpha, ngram_lm_model: file } = decoding.beam!;
  const lm = file
    ? await WordLm.load(await openAsBlob(fileURLToPath(new URL(file, goldenFolder('decoding')))))
    : undefined;
  eachClip(family, (logProbs, clip) => {
    const readings = decodeCtcWords(logProbs, {
      pieces: vocabulary,
      beamSize,
      beamPrune: -10,
      tokenMin: -5,
      lm,
      alpha,
      beta,
    });
    expect(readings.map(({ text }) => text)).toEqual(hypotheses[clip]!.map(({ text }) => text));
    readings.forEach(({ score, words }, index) => {
      const wanted = hypotheses[clip]![index]!;
      expect(Math.abs(score - wanted.score)).toBeLessThan(TOLERANCE.score * Math.max(1, wanted.y_sequence.length));
      expect(words.map(({ word, start, end }) => [word, [start, end]])).toEqual(wanted.timestamp);
    });
  });
});

function expectReadings(readings: readonly BeamReading[], wanted: readonly Wanted[], isPadded: boolean): void {
  expect(readings.map(({ emissions }) => emissions.map(({ token }) => token))).toEqual(
    wanted.map((reading) => reading.y_sequence),
  );
  if (isPadded) return;
  readings.forEach(({ score, emissions, timestep }, index) => {
    expect(Math.abs(score - wanted[index]!.score)).toBeLessThan(TOLERANCE.score * Math.max(1, emissions.length));
    if (wanted[index]!.timestamp) expect(timestep).toEqual(wanted[index]!.timestamp);
  });
}
