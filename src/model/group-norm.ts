/**
 * Group normalisation over time and the channels of a group (`torch.nn.GroupNorm`, eps 1e-5), for channels-first activations.
 *
 * One group is NeMo's "layer" norm of convolutional encoders, as many groups as channels its "instance" norm. The statistics take in every
 * frame of the tensor, padding too, so the result depends on how long the tensor is (see `seesPadding`).
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { WeightReader } from './weight-reader.ts';

/** Normalises `x` [batch, channels, time] with `<name>.weight` and `<name>.bias` [channels]. */
export function groupNorm(
  graph: Graph,
  weights: WeightReader,
  name: string,
  x: Value,
  channels: number,
  numGroups: number,
): Value {
  const grouped = numGroups === channels ? x : graph.op('Reshape', [x, graph.ints(0, numGroups, -1)]);
  const normed = instanceNorm(graph, grouped, numGroups);
  const back = numGroups === channels ? normed : graph.op('Reshape', [normed, graph.ints(0, channels, -1)]);
  const column = [channels, 1];
  const scaled = graph.op('Mul', [back, weights.plain(graph, `${name}.weight`, [channels], column)]);
  return graph.op('Add', [scaled, weights.plain(graph, `${name}.bias`, [channels], column)]);
}

/** Normalises every channel of `x` [batch, channels, time] over time (`torch.nn.InstanceNorm1d` without weights, eps 1e-5). */
export function instanceNorm(graph: Graph, x: Value, channels: number): Value {
  const ones = graph.floats(Array<number>(channels).fill(1));
  const zeros = graph.floats(Array<number>(channels).fill(0));
  return graph.op('InstanceNormalization', [x, ones, zeros], { epsilon: { float: 1e-5 } });
}
