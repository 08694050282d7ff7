/**
 * NeMo's decoding configs of CTC and transducers, merged over NeMo's defaults and checked, as a plan the decoders read.
 *
 * As in NeMo a config replaces the one before: what it leaves out is the class default, not the present setting. Keys may be spelled as in
 * YAML or in camelCase, and NeMo's `word_seperator` correctly too.
 */
import { type TransducerSpec, UNLIMITED_SYMBOLS } from '../model/transducer-spec.ts';
import type { BlankScoreMode, PruningMode } from '../decoding/fusion.ts';
import type { AedDecodingConfig } from './aed-decoding-config.ts';
import { CTC_FIELDS, TRANSDUCER_FIELDS } from './decoding-fields.ts';
import {
  type CommonConfig,
  type FileLike,
  type FusionConfig,
  type Tree,
  mergeFields,
  readConfidence,
  readFusion,
  refused,
} from './decoding-sections.ts';

export type CtcStrategy = 'greedy' | 'greedy_batch' | 'beam' | 'beam_batch' | 'pyctcdecode' | 'flashlight';
export type TransducerStrategy =
  | 'greedy'
  | 'greedy_batch'
  | 'beam'
  | 'tsd'
  | 'alsd'
  | 'maes'
  | 'malsd_batch'
  | 'maes_batch';

export type CtcDecodingConfig = CommonConfig & {
  readonly head: 'ctc';
  readonly strategy: CtcStrategy;
  readonly beam: { readonly beamSize: number; readonly beamBeta: number; readonly beamThreshold: number };
  /** Strategy `flashlight`. */
  readonly lexicon: {
    readonly file: FileLike | null;
    readonly boostFile: FileLike | null;
    readonly beamSizeToken: number;
    readonly beamThreshold: number;
    readonly unknownScore: number;
    readonly silenceScore: number;
  };
  /** Strategy `pyctcdecode`. */
  readonly words: {
    readonly beamPrune: number;
    readonly tokenMin: number;
    readonly hotwords: readonly string[];
    readonly hotwordWeight: number;
    readonly prunesHistory: boolean;
  };
};

export type TransducerDecodingConfig = CommonConfig & {
  readonly head: 'transducer';
  readonly strategy: TransducerStrategy;
  readonly maxSymbols: number;
  /** Whether recordings may bring boosted phrases of their own. */
  readonly takesBiasing: boolean;
  readonly langTagPattern: string | undefined;
  readonly stripsLangTags: boolean;
  readonly beam: {
    readonly beamSize: number;
    readonly scoreNorm: boolean;
    readonly softmaxTemperature: number;
    readonly tsdMaxExpansions: number;
    readonly alsdMaxTargetLength: number;
    readonly maesNumSteps: number;
    readonly maesPrefixAlpha: number;
    readonly maesExpansionGamma: number;
    readonly maesExpansionBeta: number;
    /** How much of a HAT joint's internal language model is subtracted where an external one is added; undefined: nothing. */
    readonly internalLmWeight: number | undefined;
    readonly maxSymbols: number;
    readonly blankScoreMode: BlankScoreMode;
    readonly pruningMode: PruningMode;
  };
};

export type DecodingConfig = CtcDecodingConfig | TransducerDecodingConfig | AedDecodingConfig;

/** @throws AsrError `unsupported-option` naming the key, for what NeMo refuses and for what it would silently ignore */
export function readCtcDecoding(config: unknown): CtcDecodingConfig {
  const tree = mergeFields(config, CTC_FIELDS, 'decoding');
  const beam = tree['beam'] as Tree;
  const words = beam['pyctcdecode_cfg'] as Tree;
  const lexicon = beam['flashlight_cfg'] as Tree;
  const strategy = tree['strategy'] as CtcStrategy;
  const known = ['greedy', 'greedy_batch', 'beam', 'beam_batch', 'pyctcdecode', 'flashlight'];
  if (tree['strategy'] === 'wfst')
    throw refused(
      'strategy',
      'wfst',
      'another one, since that decoder runs on CUDA only: pyctcdecode and flashlight search words too',
    );
  if (!known.includes(strategy)) throw refused('strategy', strategy, `one of ${known.join(', ')}`);
  const isGreedy = strategy.startsWith('greedy');
  const common = readCommon(tree, isGreedy, 'ctc_timestamp_type');
  const fusion = { ...common.fusion };
  if (!isGreedy) {
    // The names of older configs win, as NeMo lets them.
    fusion.lm = (beam['kenlm_path'] ?? fusion.lm) as FileLike | null;
    fusion.lmAlpha = (beam['beam_alpha'] ?? fusion.lmAlpha) as number;
  }
  if ((strategy === 'beam' || strategy === 'flashlight') && !fusion.lm)
    throw refused(
      'beam.ngram_lm_model',
      null,
      `an ARPA or KenLM file with strategy ${strategy}; beam_batch searches without one`,
    );
  if (!isGreedy && strategy !== 'beam_batch' && fusion.boosting)
    throw refused('beam.boosting_tree', 'set', `left out with strategy ${strategy}; beam_batch takes it`);
  if (strategy === 'beam_batch' && common.keepAlignments)
    throw refused('preserve_alignments', true, 'false with strategy beam_batch');
  return {
    ...common,
    fusion,
    head: 'ctc',
    strategy,
    // NeMo gives confidence together with timestamps.
    computeTimestamps: common.computeTimestamps || common.confidence !== undefined,
    beam: {
      beamSize: beam['beam_size'] as number,
      beamBeta: beam['beam_beta'] as number,
      beamThreshold: beam['beam_threshold'] as number,
    },
    lexicon: {
      file: lexicon['lexicon_path'] as FileLike | null,
      boostFile: lexicon['boost_path'] as FileLike | null,
      beamSizeToken: lexicon['beam_size_token'] as number,
      beamThreshold: lexicon['beam_threshold'] as number,
      unknownScore: (lexicon['unk_weight'] ?? Number.NEGATIVE_INFINITY) as number,
      silenceScore: lexicon['sil_weight'] as number,
    },
    words: {
      beamPrune: words['beam_prune_logp'] as number,
      tokenMin: words['token_min_logp'] as number,
      hotwords: (words['hotwords'] ?? []) as string[],
      hotwordWeight: words['hotword_weight'] as number,
      prunesHistory: words['prune_history'] as boolean,
    },
  };
}

/** As `readCtcDecoding`; what a strategy can do depends on the kind of transducer. */
export function readTransducerDecoding(config: unknown, spec: TransducerSpec): TransducerDecodingConfig {
  const tree = mergeFields(config, TRANSDUCER_FIELDS, 'decoding');
  const greedy = tree['greedy'] as Tree;
  const beam = tree['beam'] as Tree;
  const strategy = tree['strategy'] as TransducerStrategy;
  checkStrategy(strategy, spec);
  const isGreedy = strategy.startsWith('greedy');
  const common = readCommon(tree, isGreedy, 'rnnt_timestamp_type');
  checkFusion(strategy, common.fusion);
  if (strategy === 'maes') checkMaes(beam, spec);
  if (greedy['enable_per_stream_biasing'] && isGreedy) checkBiasing(strategy, greedy, spec);
  if (beam['hat_subtract_ilm'] && !isGreedy) checkInternalLm(strategy, beam, spec);
  if (common.keepAlignments && !isGreedy && !givesAlignments(strategy, spec))
    throw refused('preserve_alignments', true, `false with strategy ${strategy} for ${spec.kind.toUpperCase()} models`);
  const maxSymbols = (greedy['max_symbols'] || greedy['max_symbols_per_step']) as number | null;
  if (maxSymbols !== null && !(Number.isInteger(maxSymbols) && maxSymbols > 0))
    throw refused('greedy.max_symbols', maxSymbols, 'a whole number above 0, or null');
  return {
    ...common,
    head: 'transducer',
    strategy,
    maxSymbols: maxSymbols ?? UNLIMITED_SYMBOLS,
    takesBiasing: isGreedy && (greedy['enable_per_stream_biasing'] as boolean),
    stripsLangTags: tree['strip_lang_tags'] as boolean,
    langTagPattern: (tree['lang_tag_pattern'] ?? undefined) as string | undefined,
    beam: {
      beamSize: beam['beam_size'] as number,
      scoreNorm: beam['score_norm'] as boolean,
      softmaxTemperature: beam['softmax_temperature'] as number,
      tsdMaxExpansions: beam['tsd_max_sym_exp'] as number,
      alsdMaxTargetLength: beam['alsd_max_target_len'] as number,
      maesNumSteps: beam['maes_num_steps'] as number,
      maesPrefixAlpha: beam['maes_prefix_alpha'] as number,
      maesExpansionGamma: beam['maes_expansion_gamma'] as number,
      maesExpansionBeta: beam['maes_expansion_beta'] as number,
      internalLmWeight: beam['hat_subtract_ilm'] ? (beam['hat_ilm_weight'] as number) : undefined,
      maxSymbols: (beam['max_symbols'] as number | null) ?? UNLIMITED_SYMBOLS,
      blankScoreMode: beam['blank_lm_score_mode'] as BlankScoreMode,
      pruningMode: beam['pruning_mode'] as PruningMode,
    },
  };
}

function readCommon(tree: Tree, isGreedy: boolean, timestampKey: string): CommonConfig {
  const section = tree[isGreedy ? 'greedy' : 'beam'] as Tree;
  const confidence = readConfidence(tree, isGreedy);
  if (confidence && !isGreedy)
    throw refused('confidence_cfg', 'set', 'left out with beams: confidence is measured by greedy strategies only');
  return {
    isGreedy,
    temperature: tree['temperature'] as number,
    keepAlignments: (tree['preserve_alignments'] ?? section['preserve_alignments']) as boolean,
    computeTimestamps: (tree['compute_timestamps'] ?? section['compute_timestamps']) as boolean,
    timestampType: tree[timestampKey] as CommonConfig['timestampType'],
    wordSeparator: tree['word_seperator'] as string,
    segmentSeparators: (tree['segment_seperators'] ?? []) as string[],
    segmentGapThreshold: (tree['segment_gap_threshold'] ?? undefined) as number | undefined,
    confidence,
    fusion: readFusion(section),
    returnsAll: !isGreedy && section['return_best_hypothesis'] === false,
  };
}

function checkStrategy(strategy: string, { kind, bigBlankDurations }: TransducerSpec): void {
  const greedy = ['greedy', 'greedy_batch'];
  const batch = [...greedy, 'beam', 'maes', 'malsd_batch'];
  const known =
    bigBlankDurations.length > 0 ? greedy : kind === 'tdt' ? batch : [...batch, 'tsd', 'alsd', 'maes_batch'];
  const name = bigBlankDurations.length > 0 ? 'multi-blank' : kind.toUpperCase();
  if (!known.includes(strategy)) throw refused('strategy', strategy, `one of ${known.join(', ')} for ${name} models`);
}

/** Whether a beam keeps the lattice it walked, as in NeMo. */
export function givesAlignments(strategy: TransducerStrategy, { kind }: TransducerSpec): boolean {
  return kind === 'rnnt' && ['beam', 'tsd', 'alsd', 'maes'].includes(strategy);
}

function checkFusion(strategy: TransducerStrategy, { lm, boosting }: FusionConfig): void {
  const takesLm = ['greedy_batch', 'maes', 'malsd_batch', 'maes_batch'].includes(strategy);
  const takesPhrases = ['greedy_batch', 'malsd_batch'].includes(strategy);
  if (lm && !takesLm)
    throw refused('ngram_lm_model', 'set', `left out with strategy ${strategy}; greedy_batch and malsd_batch take it`);
  if (boosting && !takesPhrases)
    throw refused('boosting_tree', 'set', `left out with strategy ${strategy}; greedy_batch and malsd_batch take it`);
}

function checkBiasing(strategy: string, greedy: Tree, { predictor, bigBlankDurations }: TransducerSpec): void {
  const key = 'greedy.enable_per_stream_biasing';
  if (strategy !== 'greedy_batch') throw refused(key, true, `false with strategy ${strategy}; greedy_batch takes it`);
  if (bigBlankDurations.length > 0) throw refused(key, true, 'false for multi-blank models, as NeMo has it');
  if (greedy['loop_labels'] === false) throw refused('greedy.loop_labels', false, `true with ${key}, as NeMo has it`);
  if (predictor.kind === 'lstm' && !predictor.blankAsPad)
    throw refused(key, true, 'false for this checkpoint: NeMo has it for decoder.blank_as_pad true only');
}

function checkInternalLm(strategy: string, beam: Tree, { joint, kind }: TransducerSpec): void {
  const key = 'beam.hat_subtract_ilm';
  if (!joint.isHat || kind === 'tdt')
    throw refused(key, true, 'false for this checkpoint: only the RNNT with a HATJoint has an internal language model');
  if (strategy !== 'maes') throw refused(key, true, `false with strategy ${strategy}; maes subtracts it`);
  if (beam['beam_size'] === 1)
    throw refused(key, true, 'false where beam.beam_size is 1: NeMo searches greedily there, and fails on it');
}

function checkMaes(beam: Tree, { kind, vocabularySize }: TransducerSpec): void {
  const candidates = (beam['beam_size'] as number) + (beam['maes_expansion_beta'] as number);
  if (candidates > vocabularySize)
    throw refused('beam.beam_size + maes_expansion_beta', candidates, `at most the vocabulary's ${vocabularySize}`);
  const least = kind === 'tdt' ? 1 : 2;
  if ((beam['maes_num_steps'] as number) < least)
    throw refused('beam.maes_num_steps', beam['maes_num_steps'], `at least ${least}`);
}
