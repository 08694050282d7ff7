/**
 * NeMo's decoding configs, merged over NeMo's defaults and checked, as a plan the decoders read.
 *
 * As in NeMo a config replaces the one before: what it leaves out is the class default, not the present setting. Keys may be spelled as in
 * YAML or in camelCase, and NeMo's `word_seperator` correctly too.
 */
import { AsrError } from '../base/errors.ts';
import type { TransducerSpec } from '../model/transducer-spec.ts';
import type { ConfidenceAggregation, ConfidenceMethod } from '../text/confidence.ts';
import type { BlankScoreMode, PruningMode } from '../decoding/fusion.ts';
import { CTC_FIELDS, type Fields, TRANSDUCER_FIELDS, isField } from './decoding-fields.ts';

/** Confidence that hypotheses carry; each level needs the ones before it. */
export type ConfidencePlan = {
  readonly token: boolean;
  readonly word: boolean;
  readonly excludeBlank: boolean;
  readonly aggregation: ConfidenceAggregation;
  readonly includeDuration: boolean;
  readonly method: ConfidenceMethod;
};

/** Where a language model or phrases come from. */
export type FileLike = Blob | URL | string;

export type BoostingConfig = {
  readonly file: FileLike | null;
  readonly phrases: readonly { readonly phrase: string; readonly lang: string }[];
  readonly lang: string;
  readonly contextScore: number;
  readonly depthScaling: number;
  readonly unknownScore: number;
  readonly finalEosScore: number;
  readonly scorePerPhrase: number;
  readonly uniformWeights: boolean;
};

/** External models and their weights, not yet read. */
export type FusionConfig = {
  readonly lm: FileLike | null;
  readonly lmAlpha: number;
  readonly boosting: BoostingConfig | undefined;
  readonly boostingAlpha: number;
};

export type CtcStrategy = 'greedy' | 'greedy_batch' | 'beam' | 'beam_batch' | 'pyctcdecode';
export type TransducerStrategy = 'greedy' | 'greedy_batch' | 'beam' | 'tsd' | 'alsd' | 'maes' | 'malsd_batch' | 'maes_batch';

type CommonConfig = {
  readonly isGreedy: boolean;
  readonly temperature: number;
  readonly keepAlignments: boolean;
  readonly computeTimestamps: boolean;
  readonly timestampType: 'char' | 'word' | 'segment' | 'all';
  readonly wordSeparator: string;
  readonly segmentSeparators: readonly string[];
  readonly segmentGapThreshold: number | undefined;
  readonly confidence: ConfidencePlan | undefined;
  readonly fusion: FusionConfig;
  /** Whether hypotheses carry all readings of a beam. */
  readonly returnsAll: boolean;
};

export type CtcDecodingConfig = CommonConfig & {
  readonly head: 'ctc';
  readonly strategy: CtcStrategy;
  readonly beam: { readonly beamSize: number; readonly beamBeta: number; readonly beamThreshold: number };
  readonly words: { readonly beamPrune: number; readonly tokenMin: number; readonly hotwords: readonly string[]; readonly hotwordWeight: number; readonly prunesHistory: boolean };
};

export type TransducerDecodingConfig = CommonConfig & {
  readonly head: 'transducer';
  readonly strategy: TransducerStrategy;
  readonly maxSymbols: number;
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
    readonly maxSymbols: number;
    readonly blankScoreMode: BlankScoreMode;
    readonly pruningMode: PruningMode;
  };
};

export type DecodingConfig = CtcDecodingConfig | TransducerDecodingConfig;

type Tree = Record<string, unknown>;

/** @throws AsrError `unsupported-option` naming the key, for what NeMo refuses and for what it would silently ignore */
export function readCtcDecoding(config: unknown): CtcDecodingConfig {
  const tree = mergeFields(config, CTC_FIELDS, 'decoding');
  const beam = tree['beam'] as Tree;
  const words = beam['pyctcdecode_cfg'] as Tree;
  const strategy = tree['strategy'] as CtcStrategy;
  const known = ['greedy', 'greedy_batch', 'beam', 'beam_batch', 'pyctcdecode'];
  if (!known.includes(strategy)) throw refused('strategy', strategy, `one of ${known.join(', ')}`);
  const isGreedy = strategy.startsWith('greedy');
  const common = readCommon(tree, isGreedy, 'ctc_timestamp_type');
  const fusion = { ...common.fusion };
  if (!isGreedy) {
    // The names of older configs win, as NeMo lets them.
    fusion.lm = (beam['kenlm_path'] ?? fusion.lm) as FileLike | null;
    fusion.lmAlpha = (beam['beam_alpha'] ?? fusion.lmAlpha) as number;
  }
  if (strategy === 'beam' && !fusion.lm) throw refused('beam.ngram_lm_model', null, 'an ARPA file with strategy beam; beam_batch searches without one');
  if ((strategy === 'beam' || strategy === 'pyctcdecode') && fusion.boosting) throw refused('beam.boosting_tree', 'set', `left out with strategy ${strategy}; beam_batch takes it`);
  if (!isGreedy && common.keepAlignments) throw refused('preserve_alignments', true, `false with strategy ${strategy}`);
  return {
    ...common,
    fusion,
    head: 'ctc',
    strategy,
    // NeMo gives confidence together with timestamps.
    computeTimestamps: common.computeTimestamps || common.confidence !== undefined,
    beam: { beamSize: beam['beam_size'] as number, beamBeta: beam['beam_beta'] as number, beamThreshold: beam['beam_threshold'] as number },
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
  if (!isGreedy && common.keepAlignments) throw refused('preserve_alignments', true, `false with strategy ${strategy}`);
  const maxSymbols = (greedy['max_symbols'] || greedy['max_symbols_per_step']) as number | null;
  if (maxSymbols !== null && !(Number.isInteger(maxSymbols) && maxSymbols > 0)) throw refused('greedy.max_symbols', maxSymbols, 'a whole number above 0, or null');
  return {
    ...common,
    head: 'transducer',
    strategy,
    maxSymbols: maxSymbols ?? Number.MAX_SAFE_INTEGER,
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
      maxSymbols: (beam['max_symbols'] as number | null) ?? Number.MAX_SAFE_INTEGER,
      blankScoreMode: beam['blank_lm_score_mode'] as BlankScoreMode,
      pruningMode: beam['pruning_mode'] as PruningMode,
    },
  };
}

function readCommon(tree: Tree, isGreedy: boolean, timestampKey: string): CommonConfig {
  const section = tree[isGreedy ? 'greedy' : 'beam'] as Tree;
  const confidence = readConfidence(tree, isGreedy);
  if (confidence && !isGreedy) throw refused('confidence_cfg', 'set', 'left out with beams: confidence is measured by greedy strategies only');
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

function readConfidence(tree: Tree, isGreedy: boolean): ConfidencePlan | undefined {
  const config = tree['confidence_cfg'] as Tree;
  const section = tree[isGreedy ? 'greedy' : 'beam'] as Tree;
  const word = config['preserve_word_confidence'] as boolean;
  const token = (config['preserve_token_confidence'] as boolean) || word;
  const isSet = (config['preserve_frame_confidence'] as boolean) || token;
  if (!isSet && !section['preserve_frame_confidence']) return undefined;
  const method = (isSet ? config['method_cfg'] : (section['confidence_method_cfg'] ?? config['method_cfg'])) as Tree;
  return {
    token,
    word,
    excludeBlank: config['exclude_blank'] as boolean,
    aggregation: config['aggregation'] as ConfidenceAggregation,
    includeDuration: Boolean(config['tdt_include_duration'] || (isGreedy && section['tdt_include_duration_confidence'])),
    method: {
      name: method['name'],
      entropyType: method['entropy_type'],
      alpha: method['alpha'],
      entropyNorm: method['entropy_norm'],
    } as ConfidenceMethod,
  };
}

function readFusion(section: Tree): FusionConfig {
  const tree = section['boosting_tree'] as Tree;
  const lang = tree['source_lang'] as string;
  const file = tree['key_phrases_file'] as FileLike | null;
  const list = ((tree['key_phrases_list'] ?? []) as string[]).map((phrase) => ({ phrase, lang }));
  const phrases = [...list, ...((tree['key_phrase_items_list'] ?? []) as { phrase: string; lang: string }[])];
  if (file && phrases.length > 0) throw refused('boosting_tree.key_phrases_file', 'set', 'left out where phrases are listed');
  const boosting: BoostingConfig = {
    file,
    phrases,
    lang,
    contextScore: tree['context_score'] as number,
    depthScaling: tree['depth_scaling'] as number,
    unknownScore: tree['unk_score'] as number,
    finalEosScore: tree['final_eos_score'] as number,
    scorePerPhrase: tree['score_per_phrase'] as number,
    uniformWeights: tree['uniform_weights'] as boolean,
  };
  return {
    lm: section['ngram_lm_model'] as FileLike | null,
    lmAlpha: (section['ngram_lm_alpha'] ?? 0) as number,
    boosting: file || phrases.length > 0 ? boosting : undefined,
    boostingAlpha: (section['boosting_tree_alpha'] ?? 0) as number,
  };
}

function checkStrategy(strategy: string, { kind, bigBlankDurations }: TransducerSpec): void {
  const greedy = ['greedy', 'greedy_batch'];
  const batch = [...greedy, 'beam', 'maes', 'malsd_batch'];
  const known = bigBlankDurations.length > 0 ? greedy : kind === 'tdt' ? batch : [...batch, 'tsd', 'alsd', 'maes_batch'];
  const name = bigBlankDurations.length > 0 ? 'multi-blank' : kind.toUpperCase();
  if (!known.includes(strategy)) throw refused('strategy', strategy, `one of ${known.join(', ')} for ${name} models`);
}

function checkFusion(strategy: TransducerStrategy, { lm, boosting }: FusionConfig): void {
  const takesLm = ['greedy_batch', 'maes', 'malsd_batch', 'maes_batch'].includes(strategy);
  const takesPhrases = ['greedy_batch', 'malsd_batch'].includes(strategy);
  if (lm && !takesLm) throw refused('ngram_lm_model', 'set', `left out with strategy ${strategy}; greedy_batch and malsd_batch take it`);
  if (boosting && !takesPhrases) throw refused('boosting_tree', 'set', `left out with strategy ${strategy}; greedy_batch and malsd_batch take it`);
}

function checkMaes(beam: Tree, { kind, vocabularySize }: TransducerSpec): void {
  const candidates = (beam['beam_size'] as number) + (beam['maes_expansion_beta'] as number);
  if (candidates > vocabularySize) throw refused('beam.beam_size + maes_expansion_beta', candidates, `at most the vocabulary's ${vocabularySize}`);
  const least = kind === 'tdt' ? 1 : 2;
  if ((beam['maes_num_steps'] as number) < least) throw refused('beam.maes_num_steps', beam['maes_num_steps'], `at least ${least}`);
}

const SPELLINGS: Record<string, string> = { word_separator: 'word_seperator', segment_separators: 'segment_seperators' };

/** The config over the defaults, every value checked. */
function mergeFields(config: unknown, fields: Fields, path: string): Tree {
  if (config !== null && config !== undefined && !isPlain(config)) throw refused(path, config, 'an object');
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(config ?? {})) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const key = SPELLINGS[snake] ?? snake;
    if (!(key in fields)) throw new AsrError('unsupported-option', `${path}.${name} is no option of this decoder; known are ${Object.keys(fields).join(', ')}.`);
    if (value !== undefined) given.set(key, value);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]): [string, unknown] => {
      if (!isField(field)) return [key, mergeFields(given.get(key), field, `${path}.${key}`)];
      if (!given.has(key)) return [key, field.fallback];
      const value = given.get(key);
      if (!field.test(value)) throw refused(`${path}.${key}`, value, field.expected);
      return [key, value];
    }),
  );
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Blob);
}

function refused(key: string, value: unknown, expected: string): AsrError {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return new AsrError('unsupported-option', `${key} is ${shown}; it must be ${expected}.`);
}
