/** What a NeMo `ConformerEncoder` is, read from its config with the constructor's defaults. */
import * as v from 'valibot';
import { MAX_LAYERS, dimension, parseConfig } from './config.ts';

const contextSize = v.array(v.pipe(v.number(), v.integer()));

const schema = v.object({
  feat_in: dimension,
  feat_out: v.nullish(v.number(), -1),
  n_layers: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LAYERS)),
  d_model: dimension,
  subsampling: v.nullish(v.picklist(['striding', 'dw_striding', 'vggnet', 'stacking', 'stacking_norm', 'striding_conv1d', 'dw_striding_conv1d']), 'striding'),
  subsampling_factor: v.nullish(v.number(), 4),
  subsampling_conv_channels: v.nullish(v.number(), -1),
  causal_downsampling: v.nullish(v.boolean(), false),
  reduction: v.nullish(v.picklist(['pooling', 'striding'])),
  reduction_position: v.nullish(v.number()),
  reduction_factor: v.nullish(v.number(), 1),
  ff_expansion_factor: v.nullish(v.number(), 4),
  self_attention_model: v.nullish(v.picklist(['rel_pos', 'rel_pos_local_attn', 'abs_pos']), 'rel_pos'),
  n_heads: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), 4),
  att_context_size: v.nullish(v.union([contextSize, v.array(contextSize)])),
  att_context_style: v.nullish(v.picklist(['regular', 'chunked_limited', 'chunked_limited_with_rc']), 'regular'),
  att_chunk_context_size: v.nullish(v.array(v.array(v.number()))),
  xscaling: v.nullish(v.boolean(), true),
  untie_biases: v.nullish(v.boolean(), true),
  conv_kernel_size: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)), 31),
  conv_norm_type: v.nullish(v.picklist(['batch_norm', 'layer_norm', 'instance_norm', 'fused_batch_norm', 'group_norm', 'group_norm8', 'group_norm16', 'group_norm32']), 'batch_norm'),
  conv_context_size: v.nullish(v.union([v.literal('causal'), contextSize])),
  conv_context_style: v.nullish(v.picklist(['regular', 'dcc']), 'regular'),
  use_bias: v.nullish(v.boolean(), true),
  global_tokens: v.nullish(v.number(), 0),
  global_tokens_spacing: v.nullish(v.number(), 1),
  global_attn_separate: v.nullish(v.boolean(), false),
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
  readonly subsampling: v.InferOutput<typeof schema>['subsampling'];
  readonly subsamplingFactor: number;
  readonly subsamplingChannels: number;
  readonly causalDownsampling: boolean;
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
  readonly globalTokens: { readonly count: number; readonly spacing: number; readonly separate: boolean };
};

/** Reads the `encoder` section. Throws `checkpoint-unsupported` naming key and value for what no NeMo version can run. */
export function readConformerSpec(section: unknown): ConformerSpec {
  const c = parseConfig(schema, section, 'encoder');
  const kernel = c.conv_kernel_size;
  const channels = c.subsampling_conv_channels > 0 ? c.subsampling_conv_channels : c.d_model;
  return {
    kind: 'conformer',
    featIn: c.feat_in,
    outputSize: c.feat_out > 0 && c.feat_out !== c.d_model ? c.feat_out : c.d_model,
    numLayers: c.n_layers,
    dModel: c.d_model,
    numHeads: c.n_heads,
    subsampling: c.subsampling,
    subsamplingFactor: c.subsampling_factor > 1 ? c.subsampling_factor : 1,
    subsamplingChannels: channels,
    causalDownsampling: c.causal_downsampling,
    ...(c.reduction && c.reduction_factor > 1
      ? { reduction: { kind: c.reduction, position: c.reduction_position ?? -1, factor: c.reduction_factor } }
      : {}),
    feedForwardSize: c.d_model * c.ff_expansion_factor,
    attention: c.self_attention_model,
    contexts: contexts(c.att_context_size, c.att_chunk_context_size, c.att_context_style),
    contextStyle: c.att_context_style,
    xscaling: c.xscaling,
    useBias: c.use_bias,
    untieBiases: c.untie_biases,
    convKernel: kernel,
    convPadding: convPadding(c.conv_context_size, kernel),
    convNorm: c.conv_norm_type,
    convContextStyle: c.conv_context_style,
    globalTokens: { count: c.global_tokens, spacing: c.global_tokens_spacing, separate: c.global_attn_separate },
  };
}

function convPadding(context: 'causal' | number[] | null | undefined, kernel: number): [number, number] {
  if (context === 'causal') return [kernel - 1, 0];
  if (context && context.length === 2) return [context[0] as number, context[1] as number];
  return [(kernel - 1) >> 1, (kernel - 1) >> 1];
}

/** One context or a list of them; `chunked_limited_with_rc` runs offline with full context, whatever it streams with. */
function contexts(size: number[] | number[][] | null | undefined, chunks: number[][] | null | undefined, style: string): ContextSize[] {
  if (style === 'chunked_limited_with_rc' && chunks) return [[-1, -1, -1]];
  if (!size || size.length === 0) return [[-1, -1]];
  return Array.isArray(size[0]) ? (size as number[][]) : [size as number[]];
}
