/**
 * Every key NeMo reads in a decoding config, its default and what it may be (`CTCDecodingConfig`, `RNNTDecodingConfig`, `MultiTaskDecodingConfig`
 * and the dataclasses inside them).
 *
 * NeMo ignores keys it does not know; we refuse them, because a mistyped key changes nothing and nobody notices. Keys without an effect here
 * (CUDA graphs, batching) are known, so that a config written for NeMo passes.
 */
import { compilePattern } from '../text/token-text.ts';

export type Field = {
  readonly fallback: unknown;
  readonly test: (value: unknown) => boolean;
  readonly expected: string;
};
export type Fields = { readonly [key: string]: Field | Fields };

export function isField(value: Field | Fields): value is Field {
  return typeof (value as Field).test === 'function';
}

const field = (fallback: unknown, test: Field['test'], expected: string): Field => ({ fallback, test, expected });
const optional = ({ test, expected }: Field, fallback: unknown = null): Field =>
  field(fallback, (value) => value === null || test(value), `${expected} or null`);
const flag = (fallback: boolean): Field => field(fallback, (value) => typeof value === 'boolean', 'true or false');
/** Compiled now: NeMo would raise at the first text. */
const pattern: Field = field(
  null,
  (value) => value === null || (typeof value === 'string' && compilePattern(value) !== undefined),
  'a regular expression or null',
);
const text = (fallback: string): Field => field(fallback, (value) => typeof value === 'string', 'a string');
const choice = (fallback: string, ...choices: readonly string[]): Field =>
  field(fallback, (value) => choices.includes(value as string), `one of ${choices.join(', ')}`);
const number = (fallback: number): Field =>
  field(fallback, (value) => typeof value === 'number' && !Number.isNaN(value), 'a number');
const positive = (fallback: number): Field =>
  field(fallback, (value) => typeof value === 'number' && value > 0, 'a number above 0');
const atLeast = (least: number, fallback: number): Field =>
  field(
    fallback,
    (value) => Number.isInteger(value) && (value as number) >= least,
    `a whole number, at least ${least}`,
  );
const texts = (fallback: readonly string[] | null): Field =>
  field(
    fallback,
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    'a list of strings',
  );
const anything: Field = field(null, () => true, 'anything');
const file: Field = field(
  null,
  (value) =>
    value === null || value instanceof Blob || value instanceof URL || (typeof value === 'string' && value !== ''),
  'a file, a URL or null',
);

const timestampType = choice('all', 'char', 'word', 'segment', 'all');

const confidenceMethod: Fields = {
  name: choice('entropy', 'max_prob', 'entropy'),
  entropy_type: choice('tsallis', 'gibbs', 'tsallis', 'renyi'),
  alpha: positive(0.33),
  entropy_norm: choice('exp', 'lin', 'exp'),
  temperature: anything, // deprecated, "DEPRECATED" in saved configs
};

const confidence: Fields = {
  preserve_frame_confidence: flag(false),
  preserve_token_confidence: flag(false),
  preserve_word_confidence: flag(false),
  exclude_blank: flag(true),
  aggregation: choice('min', 'mean', 'min', 'max', 'prod'),
  tdt_include_duration: flag(false),
  method_cfg: confidenceMethod,
};

const boostingTree: Fields = {
  model_path: file,
  key_phrases_file: file,
  key_phrases_list: optional(texts(null)),
  key_phrase_items_list: field(null, isPhraseItems, 'a list of {phrase, lang}'),
  context_score: number(1),
  depth_scaling: number(2),
  unk_score: number(0),
  final_eos_score: number(1),
  score_per_phrase: number(0),
  source_lang: text('en'),
  use_triton: flag(true),
  uniform_weights: flag(false),
  use_bpe_dropout: field(false, (value) => value === false, 'false (sampled spellings are not supported)'),
  num_of_transcriptions: atLeast(1, 5),
  bpe_alpha: number(0.3),
};

function isPhraseItems(value: unknown): boolean {
  return (
    value === null ||
    (Array.isArray(value) && value.every((item) => typeof item?.phrase === 'string' && typeof item?.lang === 'string'))
  );
}

const fusion: Fields = {
  ngram_lm_model: file,
  boosting_tree: boostingTree,
  boosting_tree_alpha: optional(number(0), 0),
  allow_cuda_graphs: flag(true),
};

const common: Fields = {
  preserve_alignments: optional(flag(false)),
  compute_timestamps: optional(flag(false)),
  word_seperator: text(' '),
  segment_seperators: optional(texts([]), ['.', '!', '?']),
  segment_gap_threshold: optional(number(0)),
  temperature: positive(1),
  confidence_cfg: confidence,
};

const greedyCommon: Fields = {
  preserve_alignments: flag(false),
  compute_timestamps: flag(false),
  preserve_frame_confidence: flag(false),
  confidence_method_cfg: confidenceMethod,
  ngram_lm_alpha: number(0),
  ...fusion,
};

/** NeMo `BiasingRequestItemConfig`: boosted phrases of one recording. */
export const BIASING_FIELDS: Fields = {
  boosting_model_cfg: boostingTree,
  boosting_model_alpha: number(1),
  cache_key: optional(text('')), // NeMo keeps trees by it; here a tree lives as long as its call
  multi_model_id: field(null, (value) => value === null, 'null (there is no multi-model to put one into)'),
  auto_manage_multi_model: field(true, (value) => value === true, 'true (there is no multi-model to manage)'),
};

const upTo64 = field(
  1,
  (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64,
  'a whole number from 1 to 64',
);

/** NeMo `MultiTaskDecodingConfig`. */
export const AED_FIELDS: Fields = {
  strategy: text('beam'),
  return_best_hypothesis: anything, // saved configs have it here too, where NeMo does not read it
  compute_hypothesis_token_set: flag(false),
  preserve_alignments: optional(flag(false)),
  compute_langs: flag(false),
  temperature: anything,
  return_xattn_scores: field(false, (value) => value === false, 'false (attention scores are not supported)'),
  confidence_cfg: confidence,
  greedy: {
    temperature: optional(positive(1)), // a number samples instead of taking the best
    n_samples: upTo64, // answers drawn, with a temperature
    max_generation_delta: atLeast(Number.MIN_SAFE_INTEGER, -1),
    preserve_alignments: flag(false),
    preserve_token_confidence: flag(false),
    confidence_method_cfg: confidenceMethod,
  },
  beam: {
    beam_size: upTo64,
    search_type: text('default'),
    len_pen: number(1), // NeMo declares this name and reads the next one
    length_penalty: number(0),
    max_generation_delta: atLeast(Number.MIN_SAFE_INTEGER, -1),
    return_best_hypothesis: flag(true),
    preserve_alignments: flag(false),
    ngram_lm_alpha: number(0),
    ...fusion,
    boosting_tree: { ...boostingTree, depth_scaling: number(1) },
  },
};

/** NeMo `CTCDecodingConfig`. */
export const CTC_FIELDS: Fields = {
  strategy: text('greedy_batch'),
  ctc_timestamp_type: timestampType,
  batch_dim_index: anything,
  ...common,
  greedy: greedyCommon,
  beam: {
    beam_size: atLeast(1, 4),
    search_type: text('default'),
    preserve_alignments: flag(false),
    compute_timestamps: flag(false),
    preserve_frame_confidence: flag(false),
    return_best_hypothesis: flag(true),
    beam_alpha: optional(number(0)), // the old name of ngram_lm_alpha
    beam_beta: number(1),
    beam_threshold: number(20),
    kenlm_path: file, // the old name of ngram_lm_model
    ngram_lm_alpha: optional(number(1), 1),
    ...fusion,
    flashlight_cfg: {
      lexicon_path: file,
      boost_path: file,
      beam_size_token: atLeast(1, 16),
      beam_threshold: number(20),
      unk_weight: optional(number(0)), // null is minus infinity, which JSON cannot say
      sil_weight: number(0),
    },
    pyctcdecode_cfg: {
      beam_prune_logp: number(-10),
      token_min_logp: number(-5),
      prune_history: flag(false),
      hotwords: optional(texts(null)),
      hotword_weight: number(10),
    },
  },
  wfst: anything,
};

/** NeMo `RNNTDecodingConfig`. */
export const TRANSDUCER_FIELDS: Fields = {
  strategy: text('greedy_batch'),
  model_type: text('rnnt'),
  rnnt_timestamp_type: timestampType,
  compute_hypothesis_token_set: flag(false),
  tdt_include_token_duration: optional(flag(false)),
  fused_batch_size: anything,
  compute_langs: flag(false),
  durations: anything, // the checkpoint's own
  big_blank_durations: anything,
  strip_lang_tags: flag(false),
  lang_tag_pattern: pattern,
  ...common,
  greedy: {
    max_symbols: optional(number(0)), // how configs spell it; 0 and null leave it to max_symbols_per_step
    max_symbols_per_step: optional(atLeast(1, 10), 10),
    tdt_include_token_duration: flag(false),
    tdt_include_duration_confidence: flag(false),
    loop_labels: flag(true),
    use_cuda_graph_decoder: flag(true),
    enable_per_stream_biasing: flag(false),
    ...greedyCommon,
  },
  beam: {
    beam_size: atLeast(1, 4),
    search_type: text('default'),
    score_norm: flag(true),
    return_best_hypothesis: flag(true),
    tsd_max_sym_exp: atLeast(1, 10),
    tsd_max_sym_exp_per_step: anything, // NeMo declares this name and reads the one above
    alsd_max_target_len: positive(1),
    nsc_max_timesteps_expansion: anything,
    nsc_prefix_alpha: anything,
    maes_num_steps: atLeast(1, 2),
    maes_prefix_alpha: atLeast(0, 1),
    maes_expansion_gamma: number(2.3),
    maes_expansion_beta: atLeast(0, 2),
    language_model: field(null, (value) => value === null, 'null'),
    softmax_temperature: positive(1),
    preserve_alignments: flag(false),
    compute_timestamps: flag(false),
    preserve_frame_confidence: flag(false),
    ngram_lm_alpha: optional(number(0), 0),
    ...fusion,
    hat_subtract_ilm: flag(false),
    hat_ilm_weight: number(0),
    max_symbols: optional(atLeast(1, 10), 10),
    max_symbols_per_step: anything, // NeMo declares this name and reads the one above
    blank_lm_score_mode: choice('lm_weighted_full', 'no_score', 'lm_weighted_full'),
    pruning_mode: choice('late', 'early', 'late'),
  },
};
