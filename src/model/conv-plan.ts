/**
 * How frames shrink through a `ConvEncoderSpec`, and which convolutions must see zeros in place of padding.
 *
 * A *stage* is a stretch of the encoder with one number of frames; stage 0 is the features. Graph and feeds are both made from this plan,
 * so that a mask is an input exactly when it is fed.
 */
import type { ConvBlockSpec, ConvEncoderSpec } from './conv-encoder-spec.ts';

/** Frames of a stage from those of the stage before it. */
type Shrink = { readonly kernel: number; readonly stride: number; readonly dilation: number; readonly padding: number };

export type PlannedBlock = {
  readonly block: ConvBlockSpec;
  readonly inputStage: number;
  /** Of every repeat: the stage its first convolution reads and the stage the rest of it is in. */
  readonly repeats: readonly { readonly stride: number; readonly from: number; readonly to: number }[];
};

export type ConvPlan = {
  readonly shrinks: readonly Shrink[];
  readonly blocks: readonly PlannedBlock[];
  /** Stages whose mask `conv_mask_<stage>` a masked graph takes. */
  readonly maskedStages: readonly number[];
};

export function planConv(spec: ConvEncoderSpec): ConvPlan {
  const shrinks: Shrink[] = [];
  const masked = new Set<number>();
  const blocks = spec.blocks.map((block): PlannedBlock => {
    const inputStage = shrinks.length;
    const repeats = Array.from({ length: block.repeat }, (_, repeat) => {
      const from = shrinks.length;
      const stride = block.strideLast && repeat < block.repeat - 1 ? 1 : block.stride;
      const padding = block.padding[0] + block.padding[1];
      if (stride !== 1 || padding !== block.dilation * (block.kernel - 1)) {
        shrinks.push({ kernel: block.kernel, stride, dilation: block.dilation, padding });
      }
      if (masksInput(spec, block.kernel)) masked.add(from);
      if (masksInput(spec, 1)) masked.add(shrinks.length);
      return { stride, from, to: shrinks.length };
    });
    if (block.squeezeSize > 0) masked.add(shrinks.length);
    if (block.residual !== 'none' && masksInput(spec, 1)) masked.add(inputStage);
    return { block, inputStage, repeats };
  });
  return { shrinks, blocks, maskedStages: [...masked].sort((a, b) => a - b) };
}

/**
 * Whether a convolution needs zeros where its input is padded. A kernel of one frame never mixes padding into valid frames; but what it
 * makes of padding counts in norms over time, and where `paddingMatters`.
 */
export function masksInput(spec: ConvEncoderSpec, kernel: number): boolean {
  return spec.convMask && (kernel > 1 || spec.norm !== 'batch' || spec.paddingMatters);
}

/** Frames of every stage for `numFrames` feature frames, the last being the encoder's. */
export function convStageLengths({ shrinks }: ConvPlan, numFrames: number): number[] {
  const lengths = [numFrames];
  for (const { kernel, stride, dilation, padding } of shrinks) {
    const length = lengths.at(-1) as number;
    lengths.push(Math.max(Math.trunc((length + padding - dilation * (kernel - 1) - 1) / stride) + 1, 0));
  }
  return lengths;
}

/** Name of the input that masks a stage's frames. */
export function convMaskName(stage: number): string {
  return `conv_mask_${stage}`;
}
