/**
 * What a checkpoint is: one plain, storable description made from NeMo's YAML.
 *
 * Shared code reads the spec and never asks for a model's name. Adding a family means one case here and one builder.
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { readAdapters } from './adapters.ts';
import { type ConfigTree, at, parseConfig, targetClass, vocabularySize } from './config.ts';
import { readConformerSpec } from './conformer-spec.ts';
import { readConvEncoderSpec } from './conv-encoder-config.ts';
import type { CtcSpec } from './ctc-head.ts';
import type { EncoderSpec } from './encoder.ts';
import { type LanguagePromptSpec, readLanguagePrompt } from './language-prompt.ts';
import {
  AED_CLASSES,
  CTC_CLASSES,
  HYBRID_CLASSES,
  SUPPORTED_CLASSES,
  TRANSDUCER_CLASSES,
  modelClass,
} from './model-class.ts';
import { type MelSpec, readMelSpec } from './preprocessor-spec.ts';
import { readSqueezeformerSpec } from './squeezeformer-spec.ts';
import { type TokenizerSpec, readTokenizerSpec } from './tokenizer-spec.ts';
import { type AedSpec, readAedSpec } from './transformer-decoder-spec.ts';
import { type TransducerSpec, UNLIMITED_SYMBOLS, readTransducerSpec } from './transducer-spec.ts';

export type ModelSpec = {
  /** NeMo class, the last component of `target`. */
  readonly className: string;
  readonly nemoVersion: string;
  readonly mel: MelSpec;
  readonly encoder: EncoderSpec;
  readonly ctc?: CtcSpec;
  readonly transducer?: TransducerSpec;
  /** Language the encoder's frames are conditioned on (`…WithPrompt` models): the `prompt` graph comes between encoder and heads. */
  readonly languagePrompt?: LanguagePromptSpec;
  /** Attention decoder (Canary). */
  readonly aed?: AedSpec;
  /** Which head decodes unless the caller switches: NeMo's hybrids start with the transducer. */
  readonly defaultDecoder: 'ctc' | 'transducer' | 'aed';
  readonly tokenizer: TokenizerSpec;
  /** Tokens a frame may emit until `changeDecodingStrategy`; without a limit `UNLIMITED_SYMBOLS`. */
  readonly maxSymbols: number;
};

/** Reads a resolved config. Throws `checkpoint-unsupported` that names the key, its value and what is supported. */
export function readSpec(config: unknown): ModelSpec {
  const className = modelClass(config);
  const isHybrid = HYBRID_CLASSES.includes(className);
  const isTransducer = isHybrid || TRANSDUCER_CLASSES.includes(className);
  const isAed = AED_CLASSES.includes(className);
  if (!isTransducer && !isAed && !CTC_CLASSES.includes(className)) {
    throw new AsrError(
      'checkpoint-unsupported',
      `The checkpoint's class (target) is ${className || 'missing'}; supported are ${SUPPORTED_CLASSES.join(', ')}.`,
    );
  }
  const tokenizer = readTokenizerSpec(config, isTransducer ? 'joint' : 'decoder');
  const transducer = isTransducer ? readTransducerSpec(config) : undefined;
  const languagePrompt = className.endsWith('WithPrompt') ? readLanguagePrompt(config) : undefined;
  return {
    className,
    nemoVersion: String(at(config, 'nemo_version') ?? 'unknown'),
    ...readAcoustics(config),
    ...((isTransducer && !isHybrid) || isAed ? {} : { ctc: readCtcSpec(config, isHybrid, tokenizer) }),
    ...(transducer ? { transducer } : {}),
    ...(languagePrompt ? { languagePrompt } : {}),
    ...(isAed ? { aed: readAedSpec(config) } : {}),
    defaultDecoder: isTransducer ? 'transducer' : isAed ? 'aed' : 'ctc',
    tokenizer,
    maxSymbols: maxSymbols(config),
  };
}

/** Front end and encoder, which must agree on the number of features. */
function readAcoustics(config: unknown): Pick<ModelSpec, 'mel' | 'encoder'> {
  const section = requiredSection(config, 'preprocessor');
  requireClass(section, 'preprocessor', 'AudioToMelSpectrogramPreprocessor');
  const mel = readMelSpec(section);
  const encoder = withAdapters(readEncoderSpec(requiredSection(config, 'encoder')), config);
  const numFeatures = mel.numMels * mel.frameSplicing;
  if (numFeatures === encoder.featIn) return { mel, encoder };
  throw new AsrError(
    'checkpoint-corrupt',
    `The configuration's encoder.feat_in is ${encoder.featIn}, but its preprocessor gives ${numFeatures} features (features ${mel.numMels}, frame_splicing ${mel.frameSplicing}).`,
  );
}

/** Sections of old archives may name no class: theirs is the only one there was. */
function requireClass(section: unknown, path: string, supported: string): void {
  const target = targetClass(section);
  if (target === '' || target === supported) return;
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's ${path}._target_ is ${target}; supported is ${supported}.`,
  );
}

function withAdapters(encoder: EncoderSpec, config: unknown): EncoderSpec {
  const adapters = readAdapters(config);
  if (adapters.length === 0) return encoder;
  if (encoder.kind === 'conformer') return { ...encoder, adapters };
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's adapters.${adapters[0]!.name} is enabled; supported are adapters of a ConformerEncoder.`,
  );
}

function requiredSection(config: unknown, name: string): ConfigTree {
  const section = at(config, name);
  if (typeof section === 'object' && section !== null) return section as ConfigTree;
  throw new AsrError('checkpoint-corrupt', `model_config.yaml has no ${name} section.`);
}

/** Reads the `encoder` section, whatever its class. */
export function readEncoderSpec(section: ConfigTree): EncoderSpec {
  const target = targetClass(section);
  if (target === 'ConformerEncoder') return readConformerSpec(section);
  if (target === 'ConvASREncoder') return readConvEncoderSpec(section);
  if (target === 'SqueezeformerEncoder') return readSqueezeformerSpec(section);
  throw new AsrError(
    'checkpoint-unsupported',
    `encoder._target_ is ${target || 'missing'}; supported are ConformerEncoder, ConvASREncoder, SqueezeformerEncoder.`,
  );
}

const ctcSchema = v.object({ num_classes: v.nullish(vocabularySize, -1), vocabulary: v.nullish(v.array(v.unknown())) });

function readCtcSpec(config: unknown, isHybrid: boolean, tokenizer: TokenizerSpec): CtcSpec {
  const path = isHybrid ? 'aux_ctc.decoder' : 'decoder';
  requireClass(at(config, path), path, 'ConvASRDecoder');
  const section = parseConfig(ctcSchema, at(config, path) ?? {}, path);
  const size =
    section.num_classes > 0 ? section.num_classes : section.vocabulary?.length || tokenizer.vocabulary.length;
  return { prefix: isHybrid ? 'ctc_decoder' : 'decoder', vocabularySize: size };
}

/**
 * As NeMo's constructor reads it: a `greedy` section that says nothing sets no limit, while the default of 10 comes with
 * `change_decoding_strategy` only. Configs without the section, which NeMo does not open, get the default.
 */
function maxSymbols(config: unknown): number {
  const greedy = at(config, 'decoding.greedy');
  if (typeof greedy !== 'object' || greedy === null) return 10;
  const value = at(greedy, 'max_symbols') || at(greedy, 'max_symbols_per_step') || UNLIMITED_SYMBOLS;
  return Number.isInteger(value) && (value as number) > 0 ? (value as number) : 10;
}
