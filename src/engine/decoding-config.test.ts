/** Decoding configs: what NeMo's keys do to CTC and to timestamps, and what is refused. */
import { expect, test } from 'vitest';
import { type Config, changedConfig, openDecodingFile, openModel, transcribeEach } from '../../e2e/support/decoding.ts';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis, TimeSpan } from '../base/hypothesis.ts';
import { decodeCtcBeam } from '../decoding/ctc-beam.ts';
import { chooseCtcFused } from '../decoding/ctc-fused-greedy.ts';
import { decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import { readSpec } from '../model/spec.ts';
import { UNLIMITED_SYMBOLS } from '../model/transducer-spec.ts';
import { changedDecoding, loadedDecoding } from './decoding.ts';
import { readCtcDecoding, readTransducerDecoding } from './decoding-config.ts';
import { loadFusion } from './fusion-files.ts';

type Reading = {
  readonly text: string;
  readonly score: number;
  readonly y_sequence: readonly number[];
  readonly timestamp?: readonly unknown[];
};

const decodingGolden = openGolden('decoding');
const results = decodingGolden.json['results'] as Record<string, { decoding: Config; hypotheses: readonly unknown[] }>;

const BEAMS = [
  [
    'beam_batch',
    { strategy: 'beam_batch', beam: { beam_size: 4, return_best_hypothesis: false, beam_beta: 0, ngram_lm_alpha: 0 } },
  ],
  [
    'beam_batch_beta_1',
    { strategy: 'beam_batch', beam: { beam_size: 8, return_best_hypothesis: false, beam_beta: 1, ngram_lm_alpha: 0 } },
  ],
  [
    'pyctcdecode',
    { strategy: 'pyctcdecode', beam: { beam_size: 8, return_best_hypothesis: false, ngram_lm_alpha: 0, beam_beta: 0 } },
  ],
] as const;
const CTC = ['fastconformer-ctc-bpe', 'quartznet-ctc-char', 'hybrid-rnnt-ctc', 'hybrid-tdt-ctc'];

test.each(CTC.flatMap((name) => BEAMS.map(([strategy, config]) => [name, strategy, config] as const)))(
  '%s: CTC strategy %s gives the n-best lists of NeMo',
  async (name, strategy, config) => {
    const golden = openGolden(name);
    const key = name.startsWith('hybrid') ? `ctc.${strategy}` : strategy;
    const wanted = golden.json[key] as readonly (readonly Reading[])[];
    const model = await openModel(golden);
    await model.changeDecodingStrategy(config, { decoderType: 'ctc' });
    const { single, batch } = await transcribeEach(model, golden);
    // NeMo scores the frames QuartzNet pads to a multiple of 16 too, which costs paths, but does not change their order.
    const isPadded = name.startsWith('quartznet') && strategy.startsWith('beam');
    for (const list of [single, batch]) {
      list.forEach((hypothesis, index) => {
        const readings = (hypothesis.nBest ?? []).slice(0, isPadded ? wanted[index]?.length : undefined);
        expect(readings.map(({ text }) => text)).toEqual(wanted[index]?.map(({ text }) => text));
        expect(readings.map(({ ySequence }) => ySequence)).toEqual(wanted[index]?.map((reading) => reading.y_sequence));
        if (isPadded) return;
        readings.forEach(({ score, ySequence }, place) => {
          expect(Math.abs(score - (wanted[index]?.[place]?.score ?? 0))).toBeLessThan(
            TOLERANCE.score * Math.max(1, ySequence.length),
          );
        });
      });
    }
  },
);

test('boosted phrases score in CTC greedy and beam search as in NeMo', async () => {
  const { tokenizer } = (await openModel(openGolden('fastconformer-ctc-bpe'))).parts;
  const numClasses = tokenizer.vocabularySize + 1;
  const { lengths, clips } = results['ctc.bpe.inputs'] as unknown as { lengths: number[]; clips: string[] };
  const greedy = readCtcDecoding(results['ctc.bpe.greedy_boost']?.decoding);
  const beam = readCtcDecoding(results['ctc.bpe.beam_batch_8_boost']?.decoding);
  const [greedyFusion, beamFusion] = [
    await loadFusion(greedy.fusion, tokenizer),
    await loadFusion(beam.fusion, tokenizer),
  ];
  for (const [index, clip] of clips.entries()) {
    const logProbs = decodingGolden
      .array(`ctc.bpe.${clip}.log_probs`)
      .data.subarray(0, (lengths[index] as number) * numClasses);
    const wanted = results['ctc.bpe.greedy_boost']?.hypotheses[index] as Reading;
    const { ids, best } = chooseCtcFused(logProbs, numClasses, greedyFusion);
    expect([...ids]).toEqual(wanted.y_sequence);
    expect(Math.abs(decodeCtcGreedy(ids, best, numClasses - 1).score - wanted.score)).toBeLessThan(
      TOLERANCE.score * ids.length,
    );

    const wantedBeam = results['ctc.bpe.beam_batch_8_boost']?.hypotheses[index] as readonly Reading[];
    const readings = decodeCtcBeam(logProbs, numClasses, { ...beam.beam, fusion: beamFusion });
    expect(readings.map(({ emissions }) => emissions.map(({ token }) => token))).toEqual(
      wantedBeam.map((reading) => reading.y_sequence),
    );
    readings.forEach(({ score }, place) => {
      expect(Math.abs(score - (wantedBeam[place]?.score ?? 0))).toBeLessThan(TOLERANCE.score * numClasses);
    });
  }
});

type Stamps = Record<
  'char' | 'word' | 'segment',
  readonly { start_offset: number; end_offset: number }[] | undefined
> & { readonly timestep: number[] };
const KINDS = ['default', 'char', 'word', 'segment', 'separators', 'gap_3', 'gap_1'];
const STAMPED = [
  ['tdt', 'hybrid-tdt-ctc', 'decoding'],
  ['rnnt', 'fastconformer-rnnt-bpe', 'decoding'],
  ['ctc', 'hybrid-tdt-ctc', 'aux_ctc.decoding'],
] as const;

test.each(STAMPED)('%s timestamps (%s) follow kinds, separators and gaps as in NeMo', async (family, name, section) => {
  const golden = openGolden(name);
  const model = await openModel(golden);
  for (const kind of KINDS) {
    const { decoding, hypotheses } = results[`timestamps.${family}.${kind}`] as {
      decoding: Config;
      hypotheses: readonly { timestamp: Stamps }[];
    };
    const config = changedConfig(model, section, { compute_timestamps: true, ...decoding });
    await model.changeDecodingStrategy(config, { decoderType: family === 'ctc' ? 'ctc' : 'rnnt' });
    const { batch } = await transcribeEach(model, golden);
    batch.forEach((hypothesis, index) =>
      expectStamps(hypothesis, (hypotheses[index] as (typeof hypotheses)[number]).timestamp, `${family}.${kind}`),
    );
  }
});

function expectStamps({ timestamp }: Hypothesis, wanted: Stamps, what: string): void {
  expect(timestamp.timestep, what).toEqual(wanted.timestep);
  for (const kind of ['char', 'word', 'segment'] as const) {
    const ours = (timestamp[kind] as readonly (TimeSpan & object)[] | undefined)?.map((span) => [
      Reflect.get(span, kind),
      span.startOffset,
      span.endOffset,
    ]);
    expect(ours, what).toEqual(
      wanted[kind]?.map((span) => [Reflect.get(span, kind), span.start_offset, span.end_offset]),
    );
  }
}

const RNNT = { kind: 'rnnt', vocabularySize: 64, durations: [], bigBlankDurations: [] } as never;
const TDT = { kind: 'tdt', vocabularySize: 64, durations: [0, 1, 2], bigBlankDurations: [] } as never;
const MULTI_BLANK = { kind: 'rnnt', vocabularySize: 64, durations: [], bigBlankDurations: [2, 4] } as never;

test('a config is merged over the defaults of NeMo, in either spelling', () => {
  const plan = readTransducerDecoding(
    { strategy: 'malsd_batch', beam: { beamSize: 8, maes_num_steps: 3 }, segmentSeparators: ['|'] },
    RNNT,
  );
  expect(plan).toMatchObject({
    strategy: 'malsd_batch',
    maxSymbols: 10,
    segmentSeparators: ['|'],
    returnsAll: false,
    beam: { beamSize: 8, maesNumSteps: 3, scoreNorm: true, pruningMode: 'late', blankScoreMode: 'lm_weighted_full' },
  });
  expect(readTransducerDecoding({ greedy: { max_symbols: null } }, RNNT).maxSymbols).toBe(10);
  expect(readTransducerDecoding({ greedy: { max_symbols_per_step: null } }, RNNT).maxSymbols).toBe(UNLIMITED_SYMBOLS);
  expect(readCtcDecoding({}).beam).toEqual({ beamSize: 4, beamBeta: 1, beamThreshold: 20 });
  expect(readCtcDecoding({ confidence_cfg: { preserve_word_confidence: true } }).confidence).toMatchObject({
    token: true,
    word: true,
    aggregation: 'min',
  });
});

const REFUSED: readonly (readonly [string, Config, 'ctc' | 'rnnt' | 'tdt' | 'multiblank'])[] = [
  ['an unknown key', { beam: { beam_sise: 4 } }, 'rnnt'],
  ['an unknown strategy', { strategy: 'viterbi' }, 'ctc'],
  ['a strategy of the other head', { strategy: 'beam_batch' }, 'rnnt'],
  ['tsd of a TDT model', { strategy: 'tsd' }, 'tdt'],
  ['a beam of a multi-blank model', { strategy: 'malsd_batch' }, 'multiblank'],
  ['a beam of no paths', { strategy: 'malsd_batch', beam: { beam_size: 0 } }, 'rnnt'],
  ['a beam wider than the vocabulary', { strategy: 'maes', beam: { beam_size: 63 } }, 'rnnt'],
  ['one adaptive step', { strategy: 'maes', beam: { maes_num_steps: 1 } }, 'rnnt'],
  ['a language model in a plain beam', { strategy: 'beam', beam: { ngram_lm_model: 'lm.arpa' } }, 'rnnt'],
  ['phrases in maes', { strategy: 'maes', beam: { boosting_tree: { key_phrases_list: ['word'] } } }, 'rnnt'],
  ['strategy beam of CTC without a language model', { strategy: 'beam' }, 'ctc'],
  ['alignments of a CTC beam', { strategy: 'beam_batch', preserve_alignments: true }, 'ctc'],
  ['confidence of a beam', { strategy: 'malsd_batch', confidence_cfg: { preserve_token_confidence: true } }, 'rnnt'],
  ['an unknown confidence', { confidence_cfg: { method_cfg: { name: 'margin' } } }, 'ctc'],
  ['an alpha of zero', { confidence_cfg: { method_cfg: { alpha: 0 } } }, 'ctc'],
  ['an unknown aggregation', { confidence_cfg: { aggregation: 'median' } }, 'rnnt'],
  ['a number where a list belongs', { segment_seperators: 3 }, 'ctc'],
  ['a negative max_symbols', { greedy: { max_symbols: -1 } }, 'rnnt'],
  ['a pattern that is none', { lang_tag_pattern: '<(en' }, 'rnnt'],
  ['a section that is no object', { beam: 4 }, 'ctc'],
];

test.each(REFUSED)('%s is refused', (_, config, head) => {
  const specs = { rnnt: RNNT, tdt: TDT, multiblank: MULTI_BLANK };
  const read = (): unknown => (head === 'ctc' ? readCtcDecoding(config) : readTransducerDecoding(config, specs[head]));
  expect(read).toThrow(expect.objectContaining({ name: 'AsrError', code: 'unsupported-option' }));
});

test('a failed change leaves the decoding as it was; heads a checkpoint lacks are refused', async () => {
  const model = await openModel(openGolden('fastconformer-ctc-bpe'));
  const before = model.decoding;
  await expect(model.changeDecodingStrategy({}, { decoderType: 'rnnt' })).rejects.toMatchObject({
    code: 'unsupported-option',
  });
  const broken = new Blob(['not an ARPA model']);
  await expect(model.changeDecodingStrategy({ greedy: { ngram_lm_model: broken } })).rejects.toMatchObject({
    code: 'unsupported-option',
  });
  const foreign = await openDecodingFile('words-bpe.arpa');
  await expect(model.changeDecodingStrategy({ greedy: { ngram_lm_model: foreign } })).rejects.toThrow(
    /does not fit this checkpoint/,
  );
  expect(model.decoding).toBe(before);
});

test('a temperature that a checkpoint was saved with counts from changeDecodingStrategy on, as in NeMo', async () => {
  const { parts } = await openModel(openGolden('fastconformer-ctc-bpe'));
  const saved = { ...parts, cfg: { decoding: { strategy: 'greedy_batch', temperature: 2 } } };
  expect(loadedDecoding(saved, 'ctc')?.config).toMatchObject({ temperature: 1 });
  expect((await changedDecoding(saved, undefined, 'ctc'))?.config).toMatchObject({ temperature: 2 });
});

// What NeMo 3.0.0's RNNTDecoding gives for such sections; its default comes with change_decoding_strategy only.
test.each([
  [{}, UNLIMITED_SYMBOLS, 10],
  [{ max_symbols: null }, UNLIMITED_SYMBOLS, 10],
  [{ max_symbols_per_step: null }, UNLIMITED_SYMBOLS, UNLIMITED_SYMBOLS],
  [{ max_symbols: 0, max_symbols_per_step: 7 }, 7, 7],
  [{ max_symbols: 3, max_symbols_per_step: 5 }, 3, 3],
])(
  'a checkpoint saved with greedy %j emits %i tokens a frame, and %i once its decoding is set again',
  async (greedy, first, later) => {
    const { parts } = await openModel(openGolden('fastconformer-rnnt-bpe'));
    const cfg = { ...(parts.cfg as object), decoding: { strategy: 'greedy_batch', greedy } };
    const saved = { ...parts, cfg, spec: readSpec(cfg) };
    expect(loadedDecoding(saved, 'transducer')?.config).toMatchObject({ maxSymbols: first });
    expect((await changedDecoding(saved, undefined, 'transducer'))?.config).toMatchObject({ maxSymbols: later });
  },
);
