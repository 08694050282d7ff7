/** What the decoding configs of all heads have in common: confidence, external models, and how a config is merged over NeMo's defaults. */
import { AsrError } from '../base/errors.ts';
import type { ConfidenceAggregation, ConfidenceMethod } from '../text/confidence.ts';
import { type Fields, isField } from './decoding-fields.ts';

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
  /** A tree that NeMo built; phrases and scores are in it then. */
  readonly model: FileLike | null;
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

/** What every head's config tells. */
export type CommonConfig = {
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

/** A merged section: every field has a value. */
export type Tree = Record<string, unknown>;

/** The confidence a config asks for. */
export function readConfidence(tree: Tree, isGreedy: boolean): ConfidencePlan | undefined {
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
    includeDuration: Boolean(
      config['tdt_include_duration'] || (isGreedy && section['tdt_include_duration_confidence']),
    ),
    method: {
      name: method['name'],
      entropyType: method['entropy_type'],
      alpha: method['alpha'],
      entropyNorm: method['entropy_norm'],
    } as ConfidenceMethod,
  };
}

/** The external models of a `greedy` or `beam` section. */
export function readFusion(section: Tree): FusionConfig {
  return {
    lm: section['ngram_lm_model'] as FileLike | null,
    lmAlpha: (section['ngram_lm_alpha'] ?? 0) as number,
    boosting: readBoosting(section['boosting_tree'] as Tree),
    boostingAlpha: (section['boosting_tree_alpha'] ?? 0) as number,
  };
}

/** A checked `boosting_tree`; undefined for one without phrases. */
export function readBoosting(tree: Tree): BoostingConfig | undefined {
  const lang = tree['source_lang'] as string;
  const file = tree['key_phrases_file'] as FileLike | null;
  const list = ((tree['key_phrases_list'] ?? []) as string[]).map((phrase) => ({ phrase, lang }));
  const phrases = [...list, ...((tree['key_phrase_items_list'] ?? []) as { phrase: string; lang: string }[])];
  if (file && phrases.length > 0)
    throw refused('boosting_tree.key_phrases_file', 'set', 'left out where phrases are listed');
  const model = tree['model_path'] as FileLike | null;
  const boosting: BoostingConfig = {
    model,
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
  return model || file || phrases.length > 0 ? boosting : undefined;
}

const SPELLINGS: Record<string, string> = {
  word_separator: 'word_seperator',
  segment_separators: 'segment_seperators',
};

/** The config over the defaults, every value checked. */
export function mergeFields(config: unknown, fields: Fields, path: string): Tree {
  if (config !== null && config !== undefined && !isPlain(config)) throw refused(path, config, 'an object');
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(config ?? {})) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const key = SPELLINGS[snake] ?? snake;
    if (!(key in fields))
      throw new AsrError(
        'unsupported-option',
        `${path}.${name} is no option of this decoder; known are ${Object.keys(fields).join(', ')}.`,
      );
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

/** The error for a value that cannot be. */
export function refused(key: string, value: unknown, expected: string): AsrError {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return new AsrError('unsupported-option', `${key} is ${shown}; it must be ${expected}.`);
}
