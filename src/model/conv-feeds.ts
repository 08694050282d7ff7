/** Lengths and masks of a `ConvASREncoder`. */
import type { ConvEncoderSpec } from './conv-encoder-spec.ts';
import { type ConvPlan, convMaskName, convStageLengths, planConv } from './conv-plan.ts';
import { type EncoderBatch, type Feed, frameMask } from './feeds.ts';

/**
 * Encoder frames for a clip of `length` feature frames in a tensor of `numFrames` columns.
 *
 * Without `conv_mask` NeMo never shortens the length, so every frame of the tensor counts until the feature length is reached.
 */
export function convEncodedLength(spec: ConvEncoderSpec, length: number, numFrames: number): number {
  return stageLength(spec, planConv(spec), length, numFrames).at(-1) as number;
}

/** Masks of the stages that need one. */
export function convFeeds(spec: ConvEncoderSpec, { lengths, numFrames }: EncoderBatch): Record<string, Feed> {
  const plan = planConv(spec);
  const sizes = convStageLengths(plan, numFrames);
  const valid = lengths.map((length) => stageLength(spec, plan, length, numFrames));
  return Object.fromEntries(
    plan.maskedStages.map((stage): [string, Feed] => {
      const size = sizes[stage] as number;
      return [
        convMaskName(stage),
        {
          data: frameMask(
            valid.map((stages) => stages[stage] as number),
            size,
          ),
          dims: [lengths.length, 1, size],
        },
      ];
    }),
  );
}

function stageLength(spec: ConvEncoderSpec, plan: ConvPlan, length: number, numFrames: number): number[] {
  if (spec.convMask) return convStageLengths(plan, length);
  return convStageLengths(plan, numFrames).map((size) => Math.min(size, length));
}
