/**
 * Local attention with global tokens (NeMo `RelPositionMultiHeadAttentionLongformer`).
 *
 * Every frame sees its window *and*, in the same softmax, one more column a global token, without positions and without the bias u. A global token's
 * own output is replaced by plain attention to all frames. Which frames are global is fed: `global_tokens` [frames, count] is one where
 * frame i is the j-th of them, `global_mask` [1, 1, 1, count] is 0, or -10000 when there are none (attention changed while running),
 * `padding_mask` [batch, 1, 1, frames] is -10000 for padding.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import { type BlockInputs, forEveryBlock, inBlocks, outOfBlocks } from './attention-blocks.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type Feed, frameMask } from './feeds.ts';
import { byHead, merged } from './heads.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

const MASKED = -10000;

/** True when the graph was built for global tokens, whatever attention runs now. */
export function hasGlobalTokens({ globalTokens }: ConformerSpec): boolean {
  return globalTokens.count > 0;
}

/** Declares the inputs of `globalTokenFeeds`. */
export function declareGlobalTokens(graph: Graph): void {
  graph.input('global_tokens', 'float32', ['frames_out', 'global']);
  graph.input('global_mask', 'float32', [1, 1, 1, 'global']);
  graph.input('padding_mask', 'float32', ['batch', 1, 1, 'frames_out']);
}

/** Which of `frames` are global, and how many of them each clip has. Tensors shorter than the last token have fewer tokens. */
export function globalTokenFeeds(spec: ConformerSpec, frames: number, valid: readonly number[]): Record<string, Feed> {
  if (!hasGlobalTokens(spec)) return {};
  const { count, spacing, active } = spec.globalTokens;
  const present = Math.min(count, Math.ceil(frames / spacing));
  const tokens = new Float32Array(frames * present);
  if (active) for (let token = 0; token < present; token++) tokens[token * spacing * present + token] = 1;
  const padding = frameMask(valid, frames).map((isValid) => (isValid === 1 ? 0 : MASKED));
  return {
    padding_mask: { data: padding, dims: [valid.length, 1, 1, frames] },
    global_tokens: { data: tokens, dims: [frames, present] },
    global_mask: { data: new Float32Array(present).fill(active ? 0 : MASKED), dims: [1, 1, 1, present] },
  };
}

/** What local attention has made already. */
export type LocalParts = {
  /** Queries, keys and values [batch, frames, dModel] with biases, queries scaled. */
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  /** Local scores with position and mask, by block. */
  readonly scores: Value;
  /** Values by block and head. */
  readonly valueHeads: Value;
  readonly blocks: BlockInputs;
};

/** [batch, frames, dModel], before the output projection. */
export function globalAttention(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  name: string,
  x: Value,
  local: LocalParts,
): Value {
  const { dModel, numHeads, useBias, globalTokens } = spec;
  const headSize = dModel / numHeads;
  const project = (part: string, scale = 1) =>
    linear(graph, weights, `${name}.global_${part}`, x, {
      inputSize: dModel,
      outputSize: dModel,
      hasBias: useBias,
      scale,
    });
  const own = globalTokens.separate
    ? { query: project('q', 1 / Math.sqrt(headSize)), key: project('k'), value: project('v') }
    : local;

  const select = graph.op('Transpose', ['global_tokens'], { perm: [1, 0] });
  const heads = (frames: Value) => byHead(graph, frames, spec);
  const selected = (frames: Value) => graph.op('MatMul', [select, heads(frames)]);
  const globalKeys = graph.op('Transpose', [forEveryBlock(graph, selected(own.key), local.blocks)], {
    perm: [0, 1, 3, 2],
  });
  const queries = heads(inBlocks(graph, own.query, local.blocks.queryFrames, spec));
  const columns = graph.op('MatMul', [queries, globalKeys]);
  const scores = graph.op('Concat', [graph.op('Add', [columns, 'global_mask']), local.scores], { axis: -1 });
  const globalValues = forEveryBlock(graph, selected(local.value), local.blocks);
  const values = graph.op('Concat', [globalValues, local.valueHeads], { axis: 2 });
  const attended = merged(graph, graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), values]), spec);
  const everyone = outOfBlocks(graph, attended, x, spec);

  const fromGlobal = globalToAll(graph, spec, selected(own.query), heads(own.key), heads(own.value));
  const isGlobal = graph.op('ReduceSum', ['global_tokens', graph.ints(-1)], { keepdims: 1 });
  const kept = graph.op('Mul', [everyone, graph.op('Sub', [graph.scalar(1), isGlobal])]);
  return graph.op('Add', [kept, graph.op('MatMul', ['global_tokens', fromGlobal])]);
}

/**
 * Attention of the global tokens to all frames, [batch, tokens, dModel].
 *
 * NeMo reshapes [tokens, heads, headSize] to [heads, tokens, headSize] without transposing, which mixes tokens and heads when there are several
 * tokens; trained checkpoints have learnt with it. (In a batch NeMo mixes clips as well; here each clip is as if it were alone.)
 */
function globalToAll(graph: Graph, spec: ConformerSpec, query: Value, key: Value, value: Value): Value {
  const { dModel, numHeads } = spec;
  const tokensFirst = graph.op('Transpose', [query], { perm: [0, 2, 1, 3] });
  const mixed = graph.op('Reshape', [tokensFirst, graph.ints(0, numHeads, -1, dModel / numHeads)]);
  const scores = graph.op('MatMul', [mixed, graph.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  const probabilities = graph.op('Softmax', [graph.op('Add', [scores, 'padding_mask'])], { axis: -1 });
  return merged(graph, graph.op('MatMul', [probabilities, value]), spec);
}
