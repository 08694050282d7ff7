/**
 * The Conformer's convolution module (NeMo `ConformerConvolution`): pointwise, GLU, depthwise, norm, SiLU, pointwise.
 *
 * Activations stay [batch, time, channels] so that the pointwise convolutions are MatMuls; only the depthwise one sees channels first.
 * Batch norm is folded into it, which is exact in inference.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { groupNorm, instanceNorm } from './group-norm.ts';
import { layerNorm, silu } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

const BATCH_NORM_EPSILON = 1e-5;

export type ConvInputs = {
  /** False for Squeezeformer: SiLU in place of GLU, so that twice the channels go through the depthwise convolution. @default true */
  readonly isGated?: boolean;
  /** [batch, time, 1] ones and zeros; undefined when nothing is padded. */
  readonly frameMask?: Value;
  /** Depthwise inputs of the frames before, [batch, kernel - 1, dModel]. */
  readonly cache?: Value;
};

export type ConvOutputs = {
  readonly output: Value;
  /** Depthwise inputs of cached and new frames, [batch, kernel - 1 + time, dModel]. */
  readonly history: Value;
};

/** The module over normalised `x` [batch, time, dModel]; `name` is the layer's `….conv`. */
export function convModule(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  { isGated = true, frameMask, cache }: ConvInputs,
): ConvOutputs {
  const { dModel, useBias } = spec;
  const channels = isGated ? dModel : 2 * dModel;
  const pointwise = { hasBias: useBias, kernelDims: 1 };

  const expanded = linear(graph, weights, `${name}.pointwise_conv1`, x, {
    ...pointwise,
    inputSize: dModel,
    outputSize: 2 * dModel,
  });
  let gated = isGated ? gatedLinearUnit(graph, expanded) : silu(graph, expanded);
  if (frameMask) gated = graph.op('Mul', [gated, frameMask]);

  const history = cache ? graph.op('Concat', [cache, gated], { axis: 1 }) : gated;
  const padding: readonly [number, number] = cache ? [0, spec.convPadding[1]] : spec.convPadding;
  const channelsFirst = normalisedOverTime(
    graph,
    weights,
    spec,
    name,
    depthwise(graph, weights, spec, name, history, channels, padding),
    channels,
  );
  const mixed = graph.op('Transpose', [channelsFirst], { perm: [0, 2, 1] });
  const normed =
    spec.convNorm === 'layer_norm' ? layerNorm(graph, weights, `${name}.batch_norm`, mixed, channels) : mixed;
  const output = linear(graph, weights, `${name}.pointwise_conv2`, silu(graph, normed), {
    ...pointwise,
    inputSize: channels,
    outputSize: dModel,
  });
  return { output, history };
}

function gatedLinearUnit(graph: Graph, x: Value): Value {
  const [value, gate] = graph.multi('Split', [x], 2, { axis: -1 });
  return graph.op('Mul', [value as Value, graph.op('Sigmoid', [gate as Value])]);
}

/** [batch, time, channels] -> [batch, channels, time'], batch norm included. */
function depthwise(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  channels: number,
  padding: readonly [number, number],
): Value {
  const { convKernel, useBias } = spec;
  const kernelShape = [channels, 1, convKernel];
  const sources: [string, number[]][] = [[`${name}.depthwise_conv.weight`, kernelShape]];
  const isFolded = spec.convNorm === 'batch_norm' || spec.convNorm === 'fused_batch_norm';
  if (isFolded) sources.push(...normSources(spec, name, channels));
  if (useBias) sources.push([`${name}.depthwise_conv.bias`, [channels]]);

  const statistics = (values: Float32Array[]) => {
    const norm = isFolded ? values.slice(1, useBias ? -1 : undefined) : [];
    const bias = useBias ? values.at(-1) : undefined;
    return affineOf(spec, norm, bias);
  };
  const kernel = weights.derive(graph, `${name}.depthwise`, sources, kernelShape, (values) => {
    const { scale } = statistics(values);
    return values[0]!.map((value, index) => value * scale(Math.floor(index / convKernel)));
  });
  const bias = weights.derive(graph, `${name}.depthwise_bias`, sources, [channels], (values) => {
    const { shift } = statistics(values);
    return Float32Array.from({ length: channels }, (_, channel) => shift(channel));
  });

  const channelsFirst = graph.op('Transpose', [x], { perm: [0, 2, 1] });
  return graph.op('Conv', [channelsFirst, kernel, bias], {
    kernel_shape: [convKernel],
    pads: padding,
    group: channels,
  });
}

function normSources(spec: ConformerSpec, name: string, channels: number): [string, number[]][] {
  const parts = spec.convNorm === 'batch_norm' ? ['weight', 'bias', 'running_mean', 'running_var'] : ['weight', 'bias'];
  return parts.map((part) => [`${name}.batch_norm.${part}`, [channels]]);
}

/** The norm and the convolution's own bias as one affine map by channel. */
function affineOf(spec: ConformerSpec, norm: readonly Float32Array[], bias: Float32Array | undefined) {
  const [weight, normBias, mean, variance] = norm;
  const scale = (channel: number): number => {
    if (!weight) return 1;
    return spec.convNorm === 'batch_norm'
      ? weight[channel]! / Math.sqrt(variance![channel]! + BATCH_NORM_EPSILON)
      : weight[channel]!;
  };
  const shift = (channel: number): number =>
    ((bias?.[channel] ?? 0) - (mean?.[channel] ?? 0)) * scale(channel) + (normBias?.[channel] ?? 0);
  return { scale, shift };
}

/** Norms whose statistics run over time, channels first; the module is called `batch_norm` in the state dict, whatever it is. */
function normalisedOverTime(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  channels: number,
): Value {
  const { convNorm } = spec;
  if (convNorm === 'instance_norm') return instanceNorm(graph, x, channels);
  if (convNorm.startsWith('group_norm'))
    return groupNorm(graph, weights, `${name}.batch_norm`, x, channels, Number(convNorm.slice('group_norm'.length)));
  return x;
}
