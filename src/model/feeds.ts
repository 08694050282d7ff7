/** Inputs that accompany the features: made in JavaScript, because mask arithmetic would leave the GPU. */
import type { ContextSize } from './conformer-spec.ts';

/** A float32 input. */
export type Feed = { readonly data: Float32Array; readonly dims: readonly number[] };

export type EncoderBatch = {
  /** Valid feature frames of every clip. */
  readonly lengths: readonly number[];
  /** Feature columns of the padded batch: the longest clip's frames, and NeMo's padding column after them where `seesPadding`. */
  readonly numFrames: number;
  /** Attention context to run with; ignored by encoders without attention. */
  readonly context: ContextSize;
};

/**
 * Positions of one length: run `positions` with `position_table` = `table()` [2 * frames, dModel] and take these outputs. Equal keys mean equal outputs
 * of one encoder, so they may be kept.
 */
export type PositionInputs = {
  readonly key: string;
  readonly frames: number;
  readonly names: readonly string[];
  readonly table: () => Float32Array;
};

/** Ones for valid frames, zeros for padding, [clips, size]. */
export function frameMask(valid: readonly number[], size: number): Float32Array {
  const mask = new Float32Array(valid.length * size);
  valid.forEach((length, clip) => mask.fill(1, clip * size, clip * size + Math.min(length, size)));
  return mask;
}
