/**
 * The encoder as the engine sees it, whatever its family: graphs to build, lengths, and the inputs that accompany the features.
 *
 * Building needs weights and happens once; `encodedLength` and `encoderFeeds` need the spec only, because a checkpoint that comes from
 * the store is run without being converted again.
 */
import type { Graph } from '../onnx/graph.ts';
import { attentionMask, isUnlimited } from './attention-mask.ts';
import { buildConformer } from './conformer.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { buildPositions } from './positions.ts';
import { stageLengths } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

export type EncoderSpec = ConformerSpec;

/** A float32 input. */
export type Feed = { readonly data: Float32Array; readonly dims: readonly number[] };

export type EncoderBatch = {
  /** Valid feature frames of every clip. */
  readonly lengths: readonly number[];
  /** Feature frames of the padded batch: the longest clip's. */
  readonly numFrames: number;
  /** Attention context to run with; ignored by encoders without attention. */
  readonly context: ContextSize;
};

/** The `encoder` graph, and `positions` where the family has them. */
export function buildEncoder(weights: WeightReader, spec: EncoderSpec, { masked }: { readonly masked: boolean }): Graph[] {
  const limitedContext = !spec.contexts.every(isUnlimited);
  return [buildConformer(weights, spec, { masked, limitedContext }), buildPositions(weights, spec)];
}

/** Encoder frames for `numFrames` feature frames. */
export function encodedLength(spec: EncoderSpec, numFrames: number): number {
  return stageLengths(spec, numFrames).at(-1) ?? numFrames;
}

/** Feature frames an encoder frame stands for. */
export function frameFactor(spec: EncoderSpec): number {
  return spec.subsamplingFactor;
}

/** Masks for a batch: nothing for one clip with full context in an encoder built without `masked`. */
export function encoderFeeds(spec: EncoderSpec, batch: EncoderBatch, { masked }: { readonly masked: boolean }): Record<string, Feed> {
  const { lengths, numFrames, context } = batch;
  const feeds: Record<string, Feed> = {};
  const padded = stageLengths(spec, numFrames);
  const numQueries = padded.at(-1) ?? numFrames;
  const byStage = lengths.map((length) => stageLengths(spec, length));

  if (masked) {
    padded.forEach((size, stage) => {
      feeds[`subsampling_mask_${stage}`] = { data: frameMask(byStage.map((stages) => stages[stage] as number), size), dims: [lengths.length, 1, 1, size] };
    });
    feeds['frame_mask'] = { data: frameMask(byStage.map((stages, clip) => stages.at(-1) ?? (lengths[clip] as number)), numQueries), dims: [lengths.length, numQueries, 1] };
  }
  if (masked || !spec.contexts.every(isUnlimited)) {
    const data = new Float32Array(lengths.length * numQueries * numQueries);
    lengths.forEach((length, clip) => {
      const area = numQueries * numQueries;
      attentionMask(spec, context, { numQueries, numKeys: numQueries, numValidKeys: encodedLength(spec, length) }, data.subarray(clip * area, (clip + 1) * area));
    });
    feeds['attention_mask'] = { data, dims: [lengths.length, 1, numQueries, numQueries] };
  }
  return feeds;
}

/** Ones for valid frames, zeros for padding, [clips, size]. */
function frameMask(valid: readonly number[], size: number): Float32Array {
  const mask = new Float32Array(valid.length * size);
  valid.forEach((length, clip) => mask.fill(1, clip * size, clip * size + length));
  return mask;
}
