/**
 * The decoding in force: a checked config and the external models it names (NeMo `change_decoding_strategy`).
 *
 * A checkpoint brings its own config. What it says that we cannot do is left at NeMo's default, so that the checkpoint still opens; what a
 * caller says is refused instead.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { at } from '../model/config.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type AedDecodingConfig, readAedDecoding } from './aed-decoding-config.ts';
import {
  type CtcDecodingConfig,
  type DecodingConfig,
  type TransducerDecodingConfig,
  readCtcDecoding,
  readTransducerDecoding,
} from './decoding-config.ts';
import { AED_FIELDS, CTC_FIELDS, type Fields, TRANSDUCER_FIELDS, isField } from './decoding-fields.ts';
import { loadFusion } from './fusion-files.ts';
import { type LexiconSearch, type WordSearch, loadLexiconSearch, loadWordSearch } from './word-search.ts';

export type Decoding = {
  readonly config: DecodingConfig;
  readonly fusion: readonly WeightedFusion[];
  /** What a search over words needs besides (`pyctcdecode`). */
  readonly words?: WordSearch;
  /** What a search over a lexicon needs besides (`flashlight`). */
  readonly lexicon?: LexiconSearch;
};

type Head = DecodingConfig['head'];
type Checkpoint = { readonly spec: ModelSpec; readonly cfg: unknown; readonly tokenizer: Tokenizer };

const FIELDS: Readonly<Record<Head, Fields>> = { ctc: CTC_FIELDS, transducer: TRANSDUCER_FIELDS, aed: AED_FIELDS };

/** The decoding a checkpoint was saved with; undefined where the head is none of these. */
function ownDecoding({ spec, cfg }: Omit<Checkpoint, 'tokenizer'>, head: string): Decoding | undefined {
  if (head !== 'ctc' && head !== 'transducer' && head !== 'aed') return undefined;
  const isHybrid = spec.ctc !== undefined && spec.transducer !== undefined;
  const section = at(cfg, head === 'ctc' && isHybrid ? 'aux_ctc.decoding' : 'decoding');
  const saved = pickKnown(section, FIELDS[head]);
  try {
    const config = readConfig(saved, head, spec);
    if (!config.fusion.lm && !config.fusion.boosting && config.strategy !== 'pyctcdecode')
      return { config, fusion: [] };
  } catch (error) {
    if (!isAsrError(error, 'unsupported-option')) throw error;
  }
  return {
    config: readConfig({ ...saved, strategy: 'greedy_batch', greedy: {}, confidence_cfg: {} }, head, spec),
    fusion: [],
  };
}

/**
 * What is in force before any call: the checkpoint's own, but NeMo applies a saved temperature and the default of `max_symbols` only in
 * `change_decoding_strategy`.
 */
export function loadedDecoding(checkpoint: Checkpoint, head: Head): Decoding | undefined {
  const decoding = ownDecoding(checkpoint, head);
  if (!decoding || decoding.config.head === 'aed') return decoding;
  const config = { ...decoding.config, temperature: 1 };
  return {
    ...decoding,
    config: config.head === 'transducer' ? { ...config, maxSymbols: checkpoint.spec.maxSymbols } : config,
  };
}

/**
 * A caller's config, its files read.
 *
 * @param config undefined or null: the checkpoint's own
 * @throws AsrError `unsupported-option` naming the key
 */
export async function changedDecoding(
  checkpoint: Checkpoint,
  config: unknown,
  head: Head,
): Promise<Decoding | undefined> {
  if (config === undefined || config === null) return ownDecoding(checkpoint, head);
  const checked = readConfig(config, head, checkpoint.spec);
  if (checked.strategy === 'pyctcdecode')
    return { config: checked, fusion: [], words: await loadWordSearch(checked, checkpoint.tokenizer) };
  if (checked.strategy === 'flashlight')
    return { config: checked, fusion: [], lexicon: await loadLexiconSearch(checked, checkpoint.tokenizer) };
  const asKenlm = checked.strategy === 'maes'; // there NeMo asks KenLM itself
  return { config: checked, fusion: await loadFusion(checked.fusion, checkpoint.tokenizer, { asKenlm }) };
}

/** Which head a call asks for. @throws AsrError `unsupported-option` where the checkpoint lacks it */
export function chooseHead(spec: ModelSpec, decoderType: string | undefined): Head {
  if (decoderType !== undefined && decoderType !== 'ctc' && decoderType !== 'rnnt')
    throw new AsrError('unsupported-option', `decoderType is ${decoderType}; it must be ctc or rnnt.`);
  if (decoderType === 'ctc' && !spec.ctc)
    throw new AsrError('unsupported-option', `${spec.className} has no CTC head.`);
  if (decoderType === 'rnnt' && !spec.transducer)
    throw new AsrError('unsupported-option', `${spec.className} has no transducer head.`);
  if (spec.aed) return 'aed';
  // NeMo's hybrids go back to the transducer when a call does not say.
  return decoderType === 'ctc' || !spec.transducer ? 'ctc' : 'transducer';
}

/** The CTC config of a decoding, if it is one. */
export function ctcDecodingOf(decoding: Decoding | undefined): {
  readonly config: CtcDecodingConfig | undefined;
  readonly fusion: readonly WeightedFusion[];
  readonly words?: WordSearch;
  readonly lexicon?: LexiconSearch;
} {
  return decoding?.config.head === 'ctc' ? { ...decoding, config: decoding.config } : { config: undefined, fusion: [] };
}

/** The transducer config of a decoding, if it is one. */
export function transducerDecodingOf(decoding: Decoding | undefined): {
  readonly config: TransducerDecodingConfig | undefined;
  readonly fusion: readonly WeightedFusion[];
} {
  return decoding?.config.head === 'transducer'
    ? { config: decoding.config, fusion: decoding.fusion }
    : { config: undefined, fusion: [] };
}

/** The attention decoder's config of a decoding, if it is one. */
export function aedDecodingOf(decoding: Decoding | undefined): {
  readonly config: AedDecodingConfig;
  readonly fusion: readonly WeightedFusion[];
} {
  return decoding?.config.head === 'aed'
    ? { config: decoding.config, fusion: decoding.fusion }
    : { config: readAedDecoding(undefined), fusion: [] };
}

function readConfig(config: unknown, head: Head, { transducer }: ModelSpec): DecodingConfig {
  if (head === 'aed') return readAedDecoding(config);
  if (head === 'ctc' || !transducer) return readCtcDecoding(config);
  return readTransducerDecoding(config, transducer);
}

/** The keys of a saved config that are known and sound. */
function pickKnown(section: unknown, fields: Fields): Record<string, unknown> {
  if (typeof section !== 'object' || section === null) return {};
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(section)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!field) continue;
    if (!isField(field)) kept[key] = pickKnown(value, field);
    else if (field.test(value)) kept[key] = value;
  }
  return kept;
}
