/** A 1-d convolution without bias and the norm after it, as NeMo's `JasperBlock` pairs them; batch norm disappears into the convolution. */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConvEncoderSpec } from './conv-encoder-spec.ts';
import { groupNorm } from './group-norm.ts';
import type { WeightReader } from './weight-reader.ts';

const BATCH_NORM_EPSILON = 1e-3; // not torch's default

export type ConvShape = {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: readonly [number, number];
  readonly groups: number;
};

/** Norm(conv(x)) for `x` [batch, inputSize, time]; `names` are the two modules. */
export function foldedConv(
  graph: Graph,
  weights: WeightReader,
  spec: ConvEncoderSpec,
  names: { readonly conv: string; readonly norm: string },
  x: Value,
  { inputSize, outputSize, kernel, stride, dilation, padding, groups }: ConvShape,
): Value {
  const source = `${names.conv}${spec.convMask ? '.conv' : ''}.weight`;
  const shape = [outputSize, inputSize / groups, kernel];
  const attributes = { kernel_shape: [kernel], strides: [stride], dilations: [dilation], pads: padding, group: groups };
  if (spec.norm !== 'batch') {
    const convolved = graph.op('Conv', [x, weights.plain(graph, source, shape)], attributes);
    return groupNorm(graph, weights, names.norm, convolved, outputSize, numGroups(spec, outputSize));
  }

  const statistics = ['weight', 'bias', 'running_mean', 'running_var'].map((part): [string, number[]] => [
    `${names.norm}.${part}`,
    [outputSize],
  ]);
  const scaleOf = (weight: Float32Array, variance: Float32Array, channel: number) =>
    weight[channel]! / Math.sqrt(variance[channel]! + BATCH_NORM_EPSILON);
  const perChannel = (inputSize / groups) * kernel;
  const folded = weights.derive(
    graph,
    `${source}*norm`,
    [[source, shape], ...statistics],
    shape,
    ([values, weight, , , variance]) =>
      values!.map((value, at) => value * scaleOf(weight!, variance!, Math.floor(at / perChannel))),
  );
  const bias = weights.derive(
    graph,
    `${names.norm}.shift`,
    statistics,
    [outputSize],
    ([weight, shift, mean, variance]) =>
      shift!.map((value, channel) => value - mean![channel]! * scaleOf(weight!, variance!, channel)),
  );
  return graph.op('Conv', [x, folded, bias], attributes);
}

function numGroups({ norm, normGroups }: ConvEncoderSpec, channels: number): number {
  if (norm === 'layer') return 1;
  return norm === 'group' && normGroups > 0 ? normGroups : channels;
}
