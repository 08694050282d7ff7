/**
 * What a pass through the encoder takes beside its weights, from the spec. Measured on WASM: full attention of 4 heads over 3750 frames 1.0 GB; local
 * attention of 128 frames on both sides, 8 heads, width 512: 76 KB a frame, with its samples; a subsampling of 256 channels over 90,000 columns 1.3
 * times its first stage.
 */
import { attentionBlocks } from './attention-blocks.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { hasSubsampling } from './pre-encode.ts';
import { type SubsamplingShape, firstStageBytes, subsamplingChunks } from './subsampling-chunks.ts';

/** Scores, positions, their shift, softmax. */
const SCORE_COPIES = 4.5;
/** Residual, norm, one result. */
const FRAME_COPIES = 3;
const STAGE_COPIES = 1.4;

/** Bytes of the layers over a clip of `frames` encoder frames: one layer's, for each takes the room of the one before. */
export function layerBytes(spec: ConformerSpec, context: ContextSize, frames: number): number {
  const { count, size, span } = attentionBlocks(spec, context, frames);
  const scores = SCORE_COPIES * spec.numHeads * count * size * span;
  return 4 * (scores + frames * (2 * spec.feedForwardSize + FRAME_COPIES * spec.dModel));
}

/** Bytes of the subsampling of a clip of `numFrames` columns under a chunking factor. */
export function subsamplingBytes(spec: ConformerSpec, numFrames: number, factor: number): number {
  if (!hasSubsampling(spec)) return 0;
  return STAGE_COPIES * firstStageBytes(spec, widestChunk(spec, numFrames, factor));
}

function widestChunk(spec: SubsamplingShape, numFrames: number, factor: number): number {
  const widths = subsamplingChunks(spec, { numClips: 1, numFrames, factor }).map(({ from, to }) => to - from);
  return Math.max(...widths);
}
