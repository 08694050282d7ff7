/**
 * Multi-head self-attention with relative positions (NeMo `RelPositionMultiHeadAttention`, Transformer-XL), or without (`abs_pos`).
 *
 * score = ((q + u)·k + (q + v)·p) / sqrt(headSize), with the scale folded into W_q, u and v. By MatMul and Softmax, not ORT's fused
 * MultiHeadAttention: from 32 frames on that takes a flash path on WebGPU whose results depend on the adapter's subgroup size (onnxruntime#28520;
 * seen wrong by the size of the values in 1.30.0 on SwiftShader), and it saves nothing here, where the position scores are a full matrix anyway.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import { type BlockInputs, inBlocks, outOfBlocks } from './attention-blocks.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { globalAttention, hasGlobalTokens } from './global-attention.ts';
import { byHead, keysByHead, merged } from './heads.ts';
import { sizeOf } from './layers.ts';
import { linear, linearBias, linearWeight } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type AttentionInputs = {
  /** [heads, headSize, numQueries + numKeys] from `buildPositions`; undefined for `abs_pos`, whose positions are in `x`. */
  readonly positions: Value | undefined;
  /** [batch or 1, 1, numQueries, numKeys]: 0 where a query may look, -10000 where not. */
  readonly mask?: Value;
  /** Split queries and keys; `positions` and `mask` are then for one block. Not with a cache. */
  readonly blocks?: BlockInputs;
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

  const allQueries = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_q`, { ...square, scale })]);
  const newKeys = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_k`, square)]);
  const newValues = graph.op('MatMul', [x, linearWeight(graph, weights, `${name}.linear_v`, square)]);
  const keys = inputs.cache ? graph.op('Concat', [inputs.cache.keys, newKeys], { axis: 1 }) : newKeys;
  const values = inputs.cache ? graph.op('Concat', [inputs.cache.values, newValues], { axis: 1 }) : newValues;

  const size = { ...square, hasBias: useBias };
  const withBias = (part: string, value: Value, factor = 1) =>
    useBias
      ? graph.op('Add', [value, linearBias(graph, weights, `${name}.linear_${part}`, { ...size, scale: factor })])
      : value;
  const { positions, mask, blocks } = inputs;
  const query = blocks ? inBlocks(graph, allQueries, blocks.queryFrames, spec) : allQueries;
  const seen = (frames: Value) => (blocks ? inBlocks(graph, frames, blocks.keyFrames, spec) : frames);
  const [biasedKeys, biasedValues] = [withBias('k', keys), withBias('v', values)];
  const seenKeys = seen(biasedKeys);
  const contentQuery = positions
    ? graph.op('Add', [query, biasedBy(graph, weights, spec, name, 'pos_bias_u', scale)])
    : withBias('q', query, scale);
  const content = graph.op('MatMul', [byHead(graph, contentQuery, spec), keysByHead(graph, seenKeys, spec)]);
  const position = positions
    ? positionScores(graph, weights, spec, name, query, positions, seenKeys, scale)
    : undefined;
  const positioned = position ? graph.op('Add', [content, position]) : content;
  const scores = mask ? graph.op('Add', [positioned, mask]) : positioned;

  const valueHeads = byHead(graph, seen(biasedValues), spec);
  const attend = () =>
    merged(graph, graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), valueHeads]), spec);
  let attended: Value;
  if (blocks && hasGlobalTokens(spec)) {
    const own = { query: withBias('q', allQueries, scale), key: biasedKeys, value: biasedValues };
    attended = globalAttention(graph, weights, spec, name, x, { ...own, scores, valueHeads, blocks });
  } else attended = blocks ? outOfBlocks(graph, attend(), x, spec) : attend();
  const output = linear(graph, weights, `${name}.linear_out`, attended, size);
  return { output, keys, values };
}

/** (q + v)·p by key. */
function positionScores(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  query: Value,
  positions: Value,
  keys: Value,
  scale: number,
): Value {
  const positionQuery = graph.op('Add', [query, biasedBy(graph, weights, spec, name, 'pos_bias_v', scale)]);
  return relativeShift(graph, graph.op('MatMul', [byHead(graph, positionQuery, spec), positions]), query, keys);
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
