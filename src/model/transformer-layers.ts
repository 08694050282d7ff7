/**
 * Layers of NeMo's plain transformer (`asr/modules/transformer/transformer_modules.py`): absolute positions, every projection with a bias.
 *
 * NeMo divides q and k by the fourth root of the head size each; here the whole scale is folded into q. Padding is told by adding -10000,
 * which after the softmax is exactly nothing in float32.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import { type Activation, activate } from './activation.ts';
import { byHead, keysByHead, merged } from './heads.ts';
import { layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

/** Shape of a stack of layers. */
export type TransformerSpec = {
  readonly numLayers: number;
  readonly hiddenSize: number;
  readonly innerSize: number;
  readonly numHeads: number;
  readonly activation: Extract<Activation, 'relu' | 'gelu'>;
  /** Layer norms stand before the sub-layers (and one more after the last layer) instead of after them. */
  readonly preNorm: boolean;
  /** There is a norm after the last layer. */
  readonly finalNorm: boolean;
};

/** The scaled query of `x` [..., hiddenSize]. */
export function projectQuery(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  name: string,
  x: Value,
): Value {
  return linear(graph, weights, `${name}.query_net`, x, {
    ...square(spec),
    scale: 1 / Math.sqrt(spec.hiddenSize / spec.numHeads),
  });
}

/** Keys or values of `x` [..., hiddenSize]. */
export function projectMemory(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  name: string,
  part: 'key' | 'value',
  x: Value,
): Value {
  return linear(graph, weights, `${name}.${part}_net`, x, square(spec));
}

/** What attends to what. */
export type AttentionOperands = {
  /** [batch, queries, hiddenSize], from `projectQuery`. */
  readonly query: Value;
  /** [batch, heads, headSize, keys], from `keysByHead`. */
  readonly keys: Value;
  /** [batch, heads, keys, headSize], from `byHead`. */
  readonly values: Value;
  /** [batch or 1, 1, queries, keys]: 0 where a query may look, -10000 where not. */
  readonly mask: Value;
};

/** Attention and its output projection, [batch, queries, hiddenSize]. */
export function attend(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  name: string,
  operands: AttentionOperands,
): Value {
  const { query, keys, values, mask } = operands;
  const sizes = { dModel: spec.hiddenSize, numHeads: spec.numHeads };
  // Not ORT's fused MultiHeadAttention, which is wrong on some WebGPU adapters: see `attention.ts`.
  const scores = graph.op('Add', [graph.op('MatMul', [byHead(graph, query, sizes), keys]), mask]);
  const attended = merged(graph, graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), values]), sizes);
  return linear(graph, weights, `${name}.out_projection`, attended, square(spec));
}

/** NeMo's `PositionWiseFF`. */
export function feedForward(graph: Graph, weights: WeightReader, spec: TransformerSpec, name: string, x: Value): Value {
  const { hiddenSize, innerSize } = spec;
  const inner = linear(graph, weights, `${name}.dense_in`, x, {
    inputSize: hiddenSize,
    outputSize: innerSize,
    hasBias: true,
  });
  return linear(graph, weights, `${name}.dense_out`, activate(graph, spec.activation, inner), {
    inputSize: innerSize,
    outputSize: hiddenSize,
    hasBias: true,
  });
}

/** A sub-layer with its residual, and its norm before or after; `run` gets what the sub-layer reads. */
export function subLayer(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  norm: string,
  x: Value,
  run: (input: Value) => Value,
): Value {
  const input = spec.preNorm ? layerNorm(graph, weights, norm, x, spec.hiddenSize) : x;
  const sum = graph.op('Add', [x, run(input)]);
  return spec.preNorm ? sum : layerNorm(graph, weights, norm, sum, spec.hiddenSize);
}

/** The norm after the last layer, where the stack has one. */
export function finalNorm(graph: Graph, weights: WeightReader, spec: TransformerSpec, name: string, x: Value): Value {
  return spec.finalNorm ? layerNorm(graph, weights, `${name}.final_layer_norm`, x, spec.hiddenSize) : x;
}

/** NeMo's `TransformerEncoder` over `x` [batch, frames, hiddenSize]. */
export function transformerEncoder(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  name: string,
  x: Value,
  mask: Value,
): Value {
  const sizes = { dModel: spec.hiddenSize, numHeads: spec.numHeads };
  let states = x;
  for (let index = 0; index < spec.numLayers; index++) {
    const layer = `${name}.layers.${index}`;
    const attention = `${layer}.first_sub_layer`;
    states = subLayer(graph, weights, spec, `${layer}.layer_norm_1`, states, (input) =>
      attend(graph, weights, spec, attention, {
        query: projectQuery(graph, weights, spec, attention, input),
        keys: keysByHead(graph, projectMemory(graph, weights, spec, attention, 'key', input), sizes),
        values: byHead(graph, projectMemory(graph, weights, spec, attention, 'value', input), sizes),
        mask,
      }),
    );
    states = subLayer(graph, weights, spec, `${layer}.layer_norm_2`, states, (input) =>
      feedForward(graph, weights, spec, `${layer}.second_sub_layer`, input),
    );
  }
  return finalNorm(graph, weights, spec, name, states);
}

function square({ hiddenSize }: TransformerSpec): { inputSize: number; outputSize: number; hasBias: boolean } {
  return { inputSize: hiddenSize, outputSize: hiddenSize, hasBias: true };
}
