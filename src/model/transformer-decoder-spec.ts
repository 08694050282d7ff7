/** The attention decoder of NeMo's `EncDecMultiTaskModel` (Canary): its sections of the config in our names. */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { MAX_LAYERS, at, dimension, flag, parseConfig, targetClass, vocabularySize } from './config.ts';
import { type PromptSpec, readPromptSpec } from './prompt-spec.ts';
import type { TransformerSpec } from './transformer-layers.ts';

/** What the graphs, the prompt and the search need to know. */
export type AedSpec = {
  readonly decoder: TransformerSpec;
  /** Rows of head and embedding: the tokenizer's pieces, rounded up to a multiple of 8. Old configs do not say; then it is what the weights have. */
  readonly numClasses?: number;
  /** Tokens of prompt and answer together (rows of the position table). */
  readonly maxLength: number;
  /** Positions are weights instead of sinusoids. */
  readonly learnsPositions: boolean;
  /** `encoder_decoder_proj` exists: encoder and decoder differ in width. */
  readonly hasProjection: boolean;
  /** The transformer between encoder and decoder, where there is one. */
  readonly encoder?: TransformerSpec;
  readonly prompt: PromptSpec;
};

const layers = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LAYERS));

const stack = {
  hidden_size: dimension,
  inner_size: dimension,
  num_layers: layers,
  num_attention_heads: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024)), 1),
  hidden_act: v.nullish(v.picklist(['relu', 'gelu']), 'relu'),
  pre_ln: flag(false),
};

const decoderSchema = v.object({
  ...stack,
  max_sequence_length: v.nullish(dimension, 512),
  learn_positional_encodings: flag(false),
});

const encoderSchema = v.object({
  ...stack,
  mask_future: v.nullish(v.literal(false), false),
  pre_ln_final_layer_norm: flag(true),
});

const headSchema = v.object({ num_layers: v.nullish(v.literal(1), 1), num_classes: v.nullish(vocabularySize, -1) });

/** Reads `transf_decoder`, `transf_encoder`, `head`, `model_defaults` and the prompt format. */
export function readAedSpec(config: unknown): AedSpec {
  const target = String(at(config, 'transf_decoder._target_') ?? '')
    .split('.')
    .at(-1);
  if (target !== 'get_nemo_transformer') {
    throw new AsrError(
      'checkpoint-unsupported',
      `transf_decoder._target_ is ${target || 'missing'}; supported is get_nemo_transformer.`,
    );
  }
  const decoder = parseConfig(decoderSchema, at(config, 'transf_decoder.config_dict'), 'transf_decoder.config_dict');
  const head = parseConfig(headSchema, at(config, 'head') ?? {}, 'head');
  const { pre_ln_final_layer_norm: finalNorm } = parseConfig(
    v.object({ pre_ln_final_layer_norm: flag(true) }),
    at(config, 'transf_decoder'),
    'transf_decoder',
  );
  const { asr_enc_hidden: encoderWidth, lm_dec_hidden: decoderWidth } = parseConfig(
    v.object({ asr_enc_hidden: dimension, lm_dec_hidden: dimension }),
    at(config, 'model_defaults'),
    'model_defaults',
  );
  return {
    decoder: toStack(decoder, finalNorm, 'transf_decoder.config_dict'),
    ...(head.num_classes > 0 ? { numClasses: head.num_classes } : {}),
    maxLength: decoder.max_sequence_length,
    learnsPositions: decoder.learn_positional_encodings,
    hasProjection: encoderWidth !== decoderWidth,
    ...middleEncoder(config),
    prompt: readPromptSpec(config),
  };
}

function middleEncoder(config: unknown): { encoder?: TransformerSpec } {
  const section = at(config, 'transf_encoder');
  if (section === undefined || section === null || at(section, 'num_layers') === 0) return {};
  const target = targetClass(section);
  if (target !== 'TransformerEncoder') {
    throw new AsrError(
      'checkpoint-unsupported',
      `transf_encoder._target_ is ${target || 'missing'}; supported is TransformerEncoder.`,
    );
  }
  const parsed = parseConfig(encoderSchema, section, 'transf_encoder');
  return { encoder: toStack(parsed, parsed.pre_ln_final_layer_norm, 'transf_encoder') };
}

type Stack = {
  hidden_size: number;
  inner_size: number;
  num_layers: number;
  num_attention_heads: number;
  hidden_act: 'relu' | 'gelu';
  pre_ln: boolean;
};

function toStack(section: Stack, finalNorm: boolean, path: string): TransformerSpec {
  const { hidden_size: hiddenSize, num_attention_heads: numHeads, pre_ln: preNorm } = section;
  if (hiddenSize % numHeads !== 0) {
    throw new AsrError(
      'checkpoint-unsupported',
      `${path}.num_attention_heads is ${numHeads}, which does not divide hidden_size ${hiddenSize}.`,
    );
  }
  return {
    numLayers: section.num_layers,
    hiddenSize,
    innerSize: section.inner_size,
    numHeads,
    activation: section.hidden_act,
    preNorm,
    finalNorm: preNorm && finalNorm,
  };
}
