/**
 * Multi-head self-attention with relative positions (NeMo `RelPositionMultiHeadAttention`, Transformer-XL).
 *
 * score = ((q + u)·k + (q + v)·p) / sqrt(headSize). The scale is folded into W_q, u and v; u travels as the bias of ORT's fused
 * MultiHeadAttention; the shifted position scores and the mask are its `attention_bias` (never its key_padding_mask: WebGPU cannot).
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { MICROSOFT, sizeOf } from './layers.ts';
import { linear, linearWeight } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type AttentionInputs = {
  /** [heads, headSize, numQueries + numKeys] from `buildPositions`. */
  readonly positions: Value;
  /** [batch or 1, 1, numQueries, numKeys]: 0 where a query may look, -10000 where not. */
  readonly mask?: Value;
  /** Keys and values of earlier frames, [batch, cached, dModel], without bias. */
  readonly cache?: { readonly keys: Value; readonly values: Value };
};

export type AttentionOutputs = {
  /** [batch, numQueries, dModel] */
  readonly output: Value;
  /** Keys and values of cached and new frames, [batch, numKeys, dModel]. */
  readonly keys: Value;
  readonly values: Value;
};

/** Attention over normalised `x` [batch, numQueries, dModel]; `name` is the layer's `…self_attn`. */
export function relativeAttention(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  inputs: AttentionInputs,
): AttentionOutputs {
  const { dModel, numHeads, useBias } = spec;
  const headSize = dModel / numHeads;
  const scale = 1 / Math.sqrt(headSize);
  const square = { inputSize: dModel, outputSize: dModel, hasBias: false };

  const query = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_q`, { ...square, scale })]);
  const newKeys = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_k`, square)]);
  const newValues = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_v`, square)]);
  const keys = inputs.cache ? graph.op('Concat', [inputs.cache.keys, newKeys], { axis: 1 }) : newKeys;
  const values = inputs.cache ? graph.op('Concat', [inputs.cache.values, newValues], { axis: 1 }) : newValues;

  const positionQuery = graph.op('Add', [query, biasedBy(graph, weights, spec, name, 'pos_bias_v', scale)]);
  const byHead = graph.op('Transpose', [graph.op('Reshape', [positionQuery, graph.ints(0, 0, numHeads, headSize)])], { perm: [0, 2, 1, 3] });
  const shifted = relativeShift(graph, graph.op('MatMul', [byHead, inputs.positions]), x, keys);
  const attentionBias = inputs.mask ? graph.op('Add', [shifted, inputs.mask]) : shifted;

  const bias = qkvBias(graph, weights, spec, name, scale);
  const attended = graph.op('MultiHeadAttention', [query, keys, values, bias, '', attentionBias], { num_heads: numHeads, scale: { float: 1 } }, MICROSOFT);
  const output = linear(graph, weights, `${name}.linear_out`, attended, { ...square, hasBias: useBias });
  return { output, keys, values };
}

/**
 * Turns scores by relative position, [batch, heads, numQueries, numQueries + numKeys], into scores by key, [batch, heads, numQueries, numKeys].
 *
 * Row i needs columns numQueries - i + j. In the flattened matrix that is numQueries + i * (row length - 1) + j: drop the first
 * numQueries values, read rows one shorter, keep numKeys of each. No gather, no padding, nothing off the GPU.
 */
function relativeShift(graph: Graph, scores: Value, queries: Value, keys: Value): Value {
  const numQueries = sizeOf(graph, queries, 1);
  const numKeys = sizeOf(graph, keys, 1);
  const end = graph.ints(Number.MAX_SAFE_INTEGER);
  const flat = graph.op('Reshape', [scores, graph.ints(0, 0, -1)]);
  const dropped = graph.op('Slice', [flat, numQueries, end, graph.ints(2)]);
  const rows = graph.op('Reshape', [dropped, graph.op('Concat', [graph.ints(0, 0), numQueries, graph.ints(-1)], { axis: 0 })]);
  return graph.op('Slice', [rows, graph.ints(0), numKeys, graph.ints(3)]);
}

/** b_q + pos_bias, scaled, as a vector [dModel]. */
function biasedBy(graph: Graph, weights: WeightReader, spec: ConformerSpec, name: string, bias: string, scale: number): Value {
  const { dModel, numHeads } = spec;
  const sources: [string, number[]][] = [[`${name}.${bias}`, [numHeads, dModel / numHeads]]];
  if (spec.useBias) sources.push([`${name}.linear_q.bias`, [dModel]]);
  return weights.derive(graph, `${name}.${bias}+q`, sources, [dModel], ([position, query]) =>
    (position as Float32Array).map((value, index) => (value + (query?.[index] ?? 0)) * scale),
  );
}

/** The fused op's bias [3 * dModel]: (b_q + u) * scale, b_k, b_v. */
function qkvBias(graph: Graph, weights: WeightReader, spec: ConformerSpec, name: string, scale: number): Value {
  const { dModel, numHeads } = spec;
  const sources: [string, number[]][] = [[`${name}.pos_bias_u`, [numHeads, dModel / numHeads]]];
  if (spec.useBias) for (const part of ['q', 'k', 'v']) sources.push([`${name}.linear_${part}.bias`, [dModel]]);
  return weights.derive(graph, `${name}.qkv_bias`, sources, [3 * dModel], ([u, query, key, value]) => {
    const bias = new Float32Array(3 * dModel);
    for (let index = 0; index < dModel; index++) {
      bias[index] = (u![index]! + (query?.[index] ?? 0)) * scale;
      bias[dModel + index] = key?.[index] ?? 0;
      bias[2 * dModel + index] = value?.[index] ?? 0;
    }
    return bias;
  });
}
