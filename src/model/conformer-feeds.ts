/** Lengths and masks of a `ConformerEncoder`. */
import { attentionMask, isUnlimited } from './attention-mask.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type EncoderBatch, type Feed, frameMask } from './feeds.ts';
import { stageLengths } from './subsampling.ts';

export function conformerEncodedLength(spec: ConformerSpec, numFrames: number): number {
  return stageLengths(spec, numFrames).at(-1) ?? numFrames;
}

/** Masks for a batch: nothing for one clip with full context in an encoder built without `masked`. */
export function conformerFeeds(spec: ConformerSpec, batch: EncoderBatch, { masked }: { readonly masked: boolean }): Record<string, Feed> {
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
      attentionMask(spec, context, { numQueries, numKeys: numQueries, numValidKeys: conformerEncodedLength(spec, length) }, data.subarray(clip * area, (clip + 1) * area));
    });
    feeds['attention_mask'] = { data, dims: [lengths.length, 1, numQueries, numQueries] };
  }
  return feeds;
}
