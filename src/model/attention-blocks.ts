/**
 * Attention over blocks of queries and the keys around them, so that local attention costs what its window holds and not the square of the clip.
 *
 * A block of `size` frames sees the `left + size + right` frames around it. Blocks take the place of clips: [batch, frames, …] becomes
 * [batch * count, size, …], and everything behind it is plain attention with `size` queries and `span` keys. Which frames are whose is fed, not
 * built in, so the same graph runs any window; attention without one is a single block of the whole clip.
 *
 * `query_frames` [count, size] and `key_frames` [count, span] are frame numbers. Those outside the clip repeat its first or last frame; the
 * attention mask [batch * count, 1, size, span] hides such keys, and such queries are cut off.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import type { Feed } from './feeds.ts';
import { sizeOf } from './layers.ts';

/** Smaller blocks make matrices too small to be worth a call. */
const MIN_SIZE = 16;

/** How a clip is cut: block `n` asks for frames from `n * size` on and sees `span` frames from `n * size - left` on. */
export type AttentionBlocks = {
  readonly count: number;
  readonly size: number;
  readonly left: number;
  readonly span: number;
};

/** Names of the two inputs in a graph. */
export type BlockInputs = { readonly queryFrames: Value; readonly keyFrames: Value };

/** True for encoder graphs that take blocks: local attention, and those attention may be changed to local in. */
export function hasBlocks({ attention }: ConformerSpec, { masked }: { readonly masked: boolean }): boolean {
  return attention === 'rel_pos_local_attn' || (masked && attention === 'rel_pos');
}

/** One block of all frames unless attention is local, limited on both sides, and the clip longer than a block's span. */
export function attentionBlocks({ attention }: ConformerSpec, context: ContextSize, frames: number): AttentionBlocks {
  const [left, right] = [context[0] as number, context.at(-1) as number];
  const size = Math.max(left, right, MIN_SIZE);
  const span = left + size + right;
  if (attention !== 'rel_pos_local_attn' || left < 0 || right < 0 || span >= frames)
    return { count: 1, size: frames, left: 0, span: frames };
  return { count: Math.ceil(frames / size), size, left, span };
}

/** Frame numbers for the inputs of `declareBlocks`. */
export function blockFeeds(blocks: AttentionBlocks, frames: number, suffix: string): Record<string, Feed> {
  const { count, size, left, span } = blocks;
  const frameNumbers = (width: number, first: number): Feed => {
    const data = new Int32Array(count * width);
    for (let at = 0; at < data.length; at++) {
      const frame = Math.floor(at / width) * size + first + (at % width);
      data[at] = Math.min(Math.max(frame, 0), frames - 1);
    }
    return { data, dims: [count, width] };
  };
  return { [`query_frames${suffix}`]: frameNumbers(size, 0), [`key_frames${suffix}`]: frameNumbers(span, -left) };
}

export function declareBlocks(graph: Graph, suffix: string): BlockInputs {
  return {
    queryFrames: graph.input(`query_frames${suffix}`, 'int32', [`blocks${suffix}`, `block${suffix}`]),
    keyFrames: graph.input(`key_frames${suffix}`, 'int32', [`blocks${suffix}`, `span${suffix}`]),
  };
}

/** [batch, frames, dModel] -> [batch * count, size or span, dModel] */
export function inBlocks(graph: Graph, x: Value, frames: Value, { dModel }: ConformerSpec): Value {
  const shape = graph.op('Concat', [graph.ints(-1), sizeOf(graph, frames, 1), graph.ints(dModel)], { axis: 0 });
  return graph.op('Reshape', [graph.op('Gather', [x, frames], { axis: 1 }), shape]);
}

/** [batch * count, size, dModel] -> [batch, frames, dModel], as many as `like` [batch, frames, …] has. */
export function outOfBlocks(graph: Graph, x: Value, like: Value, { dModel }: ConformerSpec): Value {
  const shape = graph.op('Concat', [sizeOf(graph, like, 0), graph.ints(-1), graph.ints(dModel)], { axis: 0 });
  const frames = graph.op('Reshape', [x, shape]);
  return graph.op('Slice', [frames, graph.ints(0), sizeOf(graph, like, 1), graph.ints(1)]);
}

/** [batch, heads, rows, headSize] -> [batch * count, heads, rows, headSize]: the same for every block of a clip. */
export function forEveryBlock(graph: Graph, x: Value, { keyFrames }: BlockInputs): Value {
  const one = graph.ints(1);
  const repeats = graph.op('Concat', [one, sizeOf(graph, keyFrames, 0), graph.ints(1, 1, 1)], { axis: 0 });
  const repeated = graph.op('Expand', [graph.op('Unsqueeze', [x, one]), repeats]);
  const sizes = graph.op('Slice', [graph.op('Shape', [x]), one, graph.ints(4), graph.ints(0)]);
  return graph.op('Reshape', [repeated, graph.op('Concat', [graph.ints(-1), sizes], { axis: 0 })]);
}
