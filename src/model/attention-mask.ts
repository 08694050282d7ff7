/** Which frames may look at which: NeMo's limited attention contexts, and the padding of batches. */
import type { AttentionBlocks } from './attention-blocks.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';

/** Added to a score that must not count. NeMo fills -10000; both vanish in the softmax. */
const MASKED = -10000;
const UNLIMITED_CHUNKS = 10000; // NeMo's stand-in for an unlimited left context in chunks

/**
 * The mask [numQueries, numKeys] as additive scores. Queries are the last `numQueries` of `numKeys` frames.
 *
 * @param firstValidKey keys before it are empty cache
 * @param numValidKeys keys from it on are padding
 */
export function attentionMask(
  spec: ConformerSpec,
  context: ContextSize,
  {
    numQueries,
    numKeys,
    firstValidKey = 0,
    numValidKeys = numKeys,
  }: { numQueries: number; numKeys: number; firstValidKey?: number; numValidKeys?: number },
  out: Float32Array = new Float32Array(numQueries * numKeys),
): Float32Array {
  const allowed = contextRange(spec, context);
  const offset = numKeys - numQueries;
  for (let query = 0; query < numQueries; query++) {
    const [from, to] = allowed(query + offset);
    const first = Math.max(from, firstValidKey);
    const last = Math.min(to, numValidKeys - 1);
    const row = query * numKeys;
    out.fill(MASKED, row, row + numKeys);
    if (last >= first) out.fill(0, row + first, row + last + 1);
  }
  return out;
}

/** The same for the blocks of one clip, [count, 1, size, span]; keys from `numValidKeys` on are padding. */
export function blockMask(
  spec: ConformerSpec,
  context: ContextSize,
  { count, size, left, span }: AttentionBlocks,
  numValidKeys: number,
  out: Float32Array,
): void {
  const allowed = contextRange(spec, context);
  out.fill(MASKED);
  for (let query = 0; query < count * size; query++) {
    const firstKey = Math.floor(query / size) * size - left;
    const [from, to] = allowed(query);
    const first = Math.max(from, 0, firstKey);
    const last = Math.min(to, numValidKeys - 1, firstKey + span - 1);
    const row = query * span - firstKey;
    if (last >= first) out.fill(0, row + first, row + last + 1);
  }
}

/** True when every frame sees every other, so that no mask is needed for a single clip. */
export function isUnlimited(context: ContextSize): boolean {
  return context.every((size) => size < 0);
}

/** First and last frame that frame `i` may see. */
function contextRange(spec: ConformerSpec, context: ContextSize): (frame: number) => [number, number] {
  const isLocal = spec.attention === 'rel_pos_local_attn'; // a plain window, whatever the style
  if (!isLocal && spec.contextStyle === 'chunked_limited_with_rc' && context.length === 3)
    return chunkedWithRightContext(context);
  const [left, right] = [context[0] as number, context.at(-1) as number];
  if (!isLocal && spec.contextStyle === 'chunked_limited' && right >= 0) {
    const chunk = right + 1;
    const leftChunks = left >= 0 ? Math.floor(left / chunk) : UNLIMITED_CHUNKS;
    return (frame) => {
      const index = Math.floor(frame / chunk);
      return [(index - leftChunks) * chunk, (index + 1) * chunk - 1];
    };
  }
  const before = left >= 0 ? left : Number.POSITIVE_INFINITY;
  const after = right >= 0 ? right : Number.POSITIVE_INFINITY;
  return (frame) => [frame - before, frame + after];
}

function chunkedWithRightContext([left, chunk, right]: ContextSize): (frame: number) => [number, number] {
  if (chunk === undefined || chunk < 0) return () => [0, Number.POSITIVE_INFINITY];
  return (frame) => {
    const start = Math.floor(frame / chunk) * chunk;
    return [start - (left as number), start + chunk - 1 + (right as number)];
  };
}
