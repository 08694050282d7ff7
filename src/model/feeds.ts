/** Inputs that accompany the features: made in JavaScript, because mask arithmetic would leave the GPU. */
import type { ContextSize } from './conformer-spec.ts';

/** An input, float32 or int32 as its data are. */
export type Feed = { readonly data: Float32Array | Int32Array; readonly dims: readonly number[] };

/** A float32 input. */
export type FloatFeed = Feed & { readonly data: Float32Array };

export type EncoderBatch = {
  /** Valid feature frames of every clip. */
  readonly lengths: readonly number[];
  /** Feature columns of the padded batch: the longest clip's frames, and NeMo's padding column after them where `seesPadding`. */
  readonly numFrames: number;
  /** Attention context to run with; ignored by encoders without attention. */
  readonly context: ContextSize;
};

/**
 * Positions of one length: run `positions` with `position_table` = `table()` [rows, dModel] and take these outputs. Equal keys mean equal outputs
 * of one encoder, so they may be kept.
 */
export type PositionInputs = {
  readonly key: string;
  readonly rows: number;
  readonly names: readonly string[];
  readonly table: () => Float32Array;
};

/** Ones for valid frames, zeros for padding, [clips, size]. A clip that ended before has a length of 0 or less. */
export function frameMask(valid: readonly number[], size: number): Float32Array {
  const mask = new Float32Array(valid.length * size);
  valid.forEach((length, clip) => mask.fill(1, clip * size, clip * size + Math.max(0, Math.min(length, size))));
  return mask;
}

/** Masks `<name>_<stage>` [clips, 1, 1, size] for clips with so many valid frames after every stage. */
export function stageMasks(
  name: string,
  byClip: readonly (readonly number[])[],
  sizes: readonly number[],
): Record<string, Feed> {
  return Object.fromEntries(
    sizes.map((size, stage): [string, Feed] => [
      `${name}_${stage}`,
      {
        data: frameMask(
          byClip.map((stages) => stages[stage] as number),
          size,
        ),
        dims: [byClip.length, 1, 1, size],
      },
    ]),
  );
}
