/**
 * Multi-head self-attention with relative positions (NeMo `RelPositionMultiHeadAttention`, Transformer-XL), or without (`abs_pos`).
 *
 * score = ((q + u)·k + (q + v)·p) / sqrt(headSize). The scale is folded into W_q, u and v; u travels as the bias of ORT's fused
 * MultiHeadAttention; the shifted position scores and the mask are its `attention_bias` (never its key_padding_mask: WebGPU cannot).
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { byHead, globalAttention, hasGlobalTokens } from './global-attention.ts';
import { MICROSOFT, sizeOf } from './layers.ts';
import { linear, linearBias, linearWeight } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type AttentionInputs = {
  /** [heads, headSize, numQueries + numKeys] from `buildPositions`; undefined for `abs_pos`, whose positions are in `x`. */
  readonly positions: Value | undefined;
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
export function selfAttention(
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

  const attentionBias = inputs.positions
    ? positionScores(graph, weights, spec, name, query, inputs.positions, x, keys, scale, inputs.mask)
    : inputs.mask;
  const attended = hasGlobalTokens(spec)
    ? attentionWithGlobals(graph, weights, spec, name, x, { query, keys, values }, scale, attentionBias as Value)
    : graph.op(
        'MultiHeadAttention',
        [
          query,
          keys,
          values,
          qkvBias(graph, weights, spec, name, scale),
          ...(attentionBias ? ['', attentionBias] : []),
        ],
        { num_heads: numHeads, scale: { float: 1 } },
        MICROSOFT,
      );
  const output = linear(graph, weights, `${name}.linear_out`, attended, { ...square, hasBias: useBias });
  return { output, keys, values };
}

/** (q + v)·p by key, with the mask: what is added to the scores of content. */
function positionScores(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  query: Value,
  positions: Value,
  x: Value,
  keys: Value,
  scale: number,
  mask: Value | undefined,
): Value {
  const positionQuery = graph.op('Add', [query, biasedBy(graph, weights, spec, name, 'pos_bias_v', scale)]);
  const shifted = relativeShift(graph, graph.op('MatMul', [byHead(graph, positionQuery, spec), positions]), x, keys);
  return mask ? graph.op('Add', [shifted, mask]) : shifted;
}

/** The parts local attention with global tokens starts from; the fused op has no room for its extra columns. */
function attentionWithGlobals(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  { query, keys, values }: { readonly query: Value; readonly keys: Value; readonly values: Value },
  scale: number,
  attentionBias: Value,
): Value {
  const size = { inputSize: spec.dModel, outputSize: spec.dModel, hasBias: spec.useBias };
  const biased = (part: string, value: Value, factor = 1) =>
    byHead(
      graph,
      spec.useBias
        ? graph.op('Add', [value, linearBias(graph, weights, `${name}.linear_${part}`, { ...size, scale: factor })])
        : value,
      spec,
    );
  const contentQuery = byHead(
    graph,
    graph.op('Add', [query, biasedBy(graph, weights, spec, name, 'pos_bias_u', scale)]),
    spec,
  );
  const key = biased('k', keys);
  const content = graph.op('MatMul', [contentQuery, graph.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  const scores = graph.op('Add', [content, attentionBias]);
  return globalAttention(graph, weights, spec, name, x, {
    query: biased('q', query, scale),
    key,
    value: biased('v', values),
    scores,
  });
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
  const rows = graph.op('Reshape', [
    dropped,
    graph.op('Concat', [graph.ints(0, 0), numQueries, graph.ints(-1)], { axis: 0 }),
  ]);
  return graph.op('Slice', [rows, graph.ints(0), numKeys, graph.ints(3)]);
}

/** b_q + pos_bias, scaled, as a vector [dModel]. */
function biasedBy(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  bias: string,
  scale: number,
): Value {
  const { dModel, numHeads } = spec;
  const sources: [string, number[]][] = [[`${name}.${bias}`, [numHeads, dModel / numHeads]]];
  if (spec.useBias) sources.push([`${name}.linear_q.bias`, [dModel]]);
  return weights.derive(graph, `${name}.${bias}+q`, sources, [dModel], ([position, query]) =>
    (position as Float32Array).map((value, index) => (value + (query?.[index] ?? 0)) * scale),
  );
}

/** The fused op's bias [3 * dModel]: (b_q + u) * scale, b_k, b_v; an empty name when there is neither. */
function qkvBias(graph: Graph, weights: WeightReader, spec: ConformerSpec, name: string, scale: number): Value {
  const { dModel, numHeads, useBias } = spec;
  const isRelative = spec.attention !== 'abs_pos';
  if (!useBias && !isRelative) return '';
  const sources: [string, number[]][] = isRelative ? [[`${name}.pos_bias_u`, [numHeads, dModel / numHeads]]] : [];
  if (useBias) for (const part of ['q', 'k', 'v']) sources.push([`${name}.linear_${part}.bias`, [dModel]]);
  return weights.derive(graph, `${name}.qkv_bias`, sources, [3 * dModel], (values) => {
    const u = isRelative ? values[0] : undefined;
    const [query, key, value] = isRelative ? values.slice(1) : values;
    const bias = new Float32Array(3 * dModel);
    for (let index = 0; index < dModel; index++) {
      bias[index] = ((u?.[index] ?? 0) + (query?.[index] ?? 0)) * scale;
      bias[dModel + index] = key?.[index] ?? 0;
      bias[2 * dModel + index] = value?.[index] ?? 0;
    }
    return bias;
  });
}
