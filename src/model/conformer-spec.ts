/** What a NeMo `ConformerEncoder` is, read from its config with the constructor's defaults. */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import type { AdapterSpec } from './adapters.ts';
import { assertConformer } from './conformer-asserts.ts';
import { MAX_LAYERS, dimension, flag, parseConfig } from './config.ts';

/** Subsamplings NeMo accepts and saves, but raises on when run: there are no numbers to agree with. */
const CANNOT_RUN = ['vggnet', 'striding_conv1d', 'dw_striding_conv1d'] as const;

const frames = v.pipe(v.number(), v.integer(), v.maxValue(65_536));
const contextSize = v.pipe(v.array(frames), v.minLength(2), v.maxLength(3));
const factor = v.pipe(v.number(), v.integer(), v.maxValue(1024));

/** `group_norm<groups>` */
const groupNormType = v.custom<`group_norm${number}`>(
  (value) => typeof value === 'string' && /^group_norm[1-9]\d{0,4}$/.test(value),
  'group_norm<number of groups>',
);

const schema = v.object({
  feat_in: dimension,
  feat_out: v.nullish(v.number(), -1),
  n_layers: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LAYERS)),
  d_model: dimension,
  // null means none, absent means the default
  subsampling: v.optional(
    v.nullable(v.picklist(['striding', 'dw_striding', 'stacking', 'stacking_norm', ...CANNOT_RUN])),
    'striding',
  ),
  subsampling_factor: v.nullish(factor, 4),
  subsampling_conv_channels: v.nullish(v.number(), -1),
  subsampling_conv_chunking_factor: v.nullish(v.number(), 1),
  causal_downsampling: flag(false),
  reduction: v.nullish(v.picklist(['pooling', 'striding'])),
  reduction_position: v.nullish(v.pipe(v.number(), v.integer())),
  reduction_factor: v.nullish(factor, 1),
  ff_expansion_factor: v.nullish(v.number(), 4),
  self_attention_model: v.nullish(v.picklist(['rel_pos', 'rel_pos_local_attn', 'abs_pos']), 'rel_pos'),
  n_heads: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), 4),
  att_context_size: v.nullish(v.union([contextSize, v.array(contextSize)])),
  att_context_style: v.nullish(v.picklist(['regular', 'chunked_limited', 'chunked_limited_with_rc']), 'regular'),
  xscaling: flag(true),
  untie_biases: flag(true),
  conv_kernel_size: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)), 31),
  conv_norm_type: v.nullish(
    v.union([v.picklist(['batch_norm', 'layer_norm', 'instance_norm', 'fused_batch_norm']), groupNormType]),
    'batch_norm',
  ),
  conv_context_size: v.nullish(v.union([v.literal('causal'), v.array(v.pipe(frames, v.minValue(0)))])),
  conv_context_style: v.nullish(v.picklist(['regular', 'dcc']), 'regular'),
  use_bias: flag(true),
  global_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4096)), 0),
  global_tokens_spacing: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  global_attn_separate: flag(false),
});

/** `[left, right]` (or `[left, chunk, right]`) in encoder frames; -1 is unlimited. */
export type ContextSize = readonly number[];

export type ConformerSpec = {
  readonly kind: 'conformer';
  readonly featIn: number;
  /** Width of the output: `feat_out` when projected, else `d_model`. */
  readonly outputSize: number;
  readonly numLayers: number;
  readonly dModel: number;
  readonly numHeads: number;
  readonly subsampling: 'striding' | 'dw_striding' | 'stacking' | 'stacking_norm' | 'none';
  /** As configured; 1 without subsampling. */
  readonly subsamplingFactor: number;
  readonly subsamplingChannels: number;
  /** Chunks of time the subsampling runs in, until it is changed: -1 whole, 1 by size. */
  readonly chunkingFactor: number;
  readonly causalDownsampling: boolean;
  /** Shortens the frames after layer `position`, or after the last layer and the projection when that is -1. */
  readonly reduction?: { readonly kind: 'pooling' | 'striding'; readonly position: number; readonly factor: number };
  readonly feedForwardSize: number;
  readonly attention: v.InferOutput<typeof schema>['self_attention_model'];
  /** Every context the checkpoint offers; the first is the default. */
  readonly contexts: readonly ContextSize[];
  readonly contextStyle: v.InferOutput<typeof schema>['att_context_style'];
  readonly xscaling: boolean;
  readonly useBias: boolean;
  readonly untieBiases: boolean;
  readonly convKernel: number;
  /** Zero frames before and after the depthwise convolution. */
  readonly convPadding: readonly [number, number];
  readonly convNorm: v.InferOutput<typeof schema>['conv_norm_type'];
  readonly convContextStyle: 'regular' | 'dcc';
  /** Enabled adapters behind every layer, in order; absent without any. */
  readonly adapters?: readonly AdapterSpec[];
  /** Local attention only: frames 0, spacing, 2 * spacing, … that see and are seen by all; `separate` projections for them. A
   * count above 0 means that the graph has inputs for them, `active` that they are used. */
  readonly globalTokens: {
    readonly count: number;
    readonly spacing: number;
    readonly separate: boolean;
    readonly active: boolean;
  };
};

/** Reads the `encoder` section. Throws `checkpoint-unsupported` naming key and value for what no NeMo version can run. */
export function readConformerSpec(section: unknown): ConformerSpec {
  const c = parseConfig(schema, section, 'encoder');
  assertConformer(c);
  const kernel = c.conv_kernel_size;
  const subsampling = subsamplingOf(c);
  const channels = c.subsampling_conv_channels > 0 ? c.subsampling_conv_channels : c.d_model;
  return {
    kind: 'conformer',
    featIn: c.feat_in,
    outputSize: c.feat_out > 0 && c.feat_out !== c.d_model ? c.feat_out : c.d_model,
    numLayers: c.n_layers,
    dModel: c.d_model,
    numHeads: c.n_heads,
    subsampling,
    subsamplingFactor: subsampling === 'none' ? 1 : c.subsampling_factor,
    subsamplingChannels: channels,
    chunkingFactor: c.subsampling_conv_chunking_factor,
    causalDownsampling: c.causal_downsampling,
    ...(c.reduction && c.reduction_factor > 1
      ? { reduction: { kind: c.reduction, position: c.reduction_position ?? -1, factor: c.reduction_factor } }
      : {}),
    feedForwardSize: c.d_model * c.ff_expansion_factor,
    attention: c.self_attention_model,
    contexts: contexts(c.att_context_size, c.att_context_style),
    contextStyle: c.att_context_style,
    xscaling: c.xscaling,
    useBias: c.use_bias,
    untieBiases: c.untie_biases,
    convKernel: kernel,
    convPadding: convPadding(c.conv_context_size, kernel),
    convNorm: c.conv_norm_type,
    convContextStyle: c.conv_context_style,
    globalTokens: globalTokensOf(c),
  };
}

/** Other attention models ignore the keys. */
function globalTokensOf(c: v.InferOutput<typeof schema>): ConformerSpec['globalTokens'] {
  const count = c.self_attention_model === 'rel_pos_local_attn' ? c.global_tokens : 0;
  if (count > 0 && c.reduction && c.reduction_factor > 1) {
    throw new AsrError(
      'checkpoint-unsupported',
      'The configuration has both encoder.global_tokens and encoder.reduction; supported is one of them.',
    );
  }
  return { count, spacing: c.global_tokens_spacing, separate: count > 0 && c.global_attn_separate, active: count > 0 };
}

function subsamplingOf({
  subsampling,
  subsampling_factor: factor,
}: v.InferOutput<typeof schema>): ConformerSpec['subsampling'] {
  if (subsampling === null || factor <= 1) return 'none';
  if (CANNOT_RUN.includes(subsampling as never)) {
    throw new AsrError(
      'checkpoint-unsupported',
      `The configuration's encoder.subsampling is ${subsampling}: NeMo itself cannot run it. Supported are striding, dw_striding, stacking, stacking_norm and null.`,
    );
  }
  return subsampling as ConformerSpec['subsampling'];
}

function convPadding(context: 'causal' | number[] | null | undefined, kernel: number): [number, number] {
  if (context === 'causal') return [kernel - 1, 0];
  if (context) return [context[0] as number, context[1] as number];
  return [(kernel - 1) >> 1, (kernel - 1) >> 1];
}

/** One context or a list of them; `chunked_limited_with_rc` runs offline with full context, whatever it streams with. */
function contexts(size: number[] | number[][] | null | undefined, style: string): ContextSize[] {
  if (style === 'chunked_limited_with_rc') return [[-1, -1, -1]];
  if (!size || size.length === 0) return [[-1, -1]];
  return Array.isArray(size[0]) ? (size as number[][]) : [size as number[]];
}
