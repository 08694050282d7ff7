/** The feed-forward module of Conformer and Squeezeformer layers (NeMo `ConformerFeedForward`). */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { silu } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

/** linear, SiLU, linear, times `factor`, which is folded into the second matrix: the macaron's one half. */
export function feedForward(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  factor: number,
): Value {
  const { dModel, feedForwardSize, useBias } = spec;
  const hidden = linear(graph, weights, `${name}.linear1`, x, {
    inputSize: dModel,
    outputSize: feedForwardSize,
    hasBias: useBias,
  });
  return linear(graph, weights, `${name}.linear2`, silu(graph, hidden), {
    inputSize: feedForwardSize,
    outputSize: dModel,
    hasBias: useBias,
    scale: factor,
  });
}
