/**
 * A long clip through the layers in segments that overlap: where attention is limited on both sides, a frame depends on the frames within reach of all
 * layers together and on no other, so a segment with that reach on either side gives the frames of one pass, in memory that does not grow.
 *
 * The overlap is computed twice: a segment is four times the reach at least, so that this is never more than the work itself.
 */
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { layerBytes } from './encoder-memory.ts';
import { numStages } from './subsampling.ts';

/** What the layers may take; beside it a WASM heap holds the weights. */
const SEGMENT_BYTES = 2 ** 30;
const MIN_REACHES = 4;

/** Encoder frames `from` to `to` go through the layers; the first `skip` of the result belong to the segment before, `count` are kept. */
export type EncoderSegment = {
  readonly from: number;
  readonly to: number;
  readonly skip: number;
  readonly count: number;
};

type Reach = { readonly left: number; readonly right: number; readonly alignment: number };

/** How far a frame's output sees through all layers; undefined where that is the whole clip. */
export function reachOf(spec: ConformerSpec, context: ContextSize): Reach | undefined {
  const [left, right] = [context[0] as number, context.at(-1) as number];
  const seesAll = left < 0 || right < 0 || spec.globalTokens.active || spec.contextStyle === 'chunked_limited_with_rc';
  const runsOverTime = spec.convNorm.startsWith('group_norm') || spec.convNorm === 'instance_norm';
  if (seesAll || runsOverTime || spec.reduction || spec.attention === 'abs_pos' || spec.convContextStyle === 'dcc')
    return undefined;
  // In chunks a frame sees to the end of its own, and as far back from its chunk's start.
  const isChunked = spec.attention === 'rel_pos' && spec.contextStyle === 'chunked_limited';
  const [before, after] = spec.convPadding;
  return {
    left: spec.numLayers * (left + (isChunked ? right : 0) + before),
    right: spec.numLayers * (right + after),
    alignment: isChunked ? right + 1 : 1,
  };
}

/** The segments of `frames` encoder frames; one where they fit, or where every frame sees all. */
export function encoderSegments(
  spec: ConformerSpec,
  context: ContextSize,
  frames: number,
  maxBytes = SEGMENT_BYTES,
): EncoderSegment[] {
  const whole = [{ from: 0, to: frames, skip: 0, count: frames }];
  const reach = reachOf(spec, context);
  if (!reach || layerBytes(spec, context, frames) <= maxBytes) return whole;
  const overlap = reach.left + reach.right;
  let size = Math.max(MIN_REACHES * Math.max(reach.left, reach.right), 2 * overlap);
  while (layerBytes(spec, context, 2 * size) <= maxBytes) size *= 2;
  if (size >= frames) return whole;
  const step = roundUp(size - overlap, reach.alignment);
  return Array.from({ length: Math.ceil(frames / step) }, (_, index) => {
    const first = index * step;
    const last = Math.min(first + step, frames);
    const from = Math.max(0, first - roundUp(reach.left, reach.alignment));
    return { from, to: Math.min(last + reach.right, frames), skip: first - from, count: last - first };
  });
}

/** Feature columns that make so many encoder frames. */
export function columnsOf(spec: ConformerSpec, frames: number): number {
  return (spec.causalDownsampling ? frames - 1 : frames) * 2 ** numStages(spec);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
