/** How loud a block of samples is, for meters and for the speech gate. */

export type Level = {
  /** Root of the mean square, 0..1. */
  readonly rms: number;
  /** Largest magnitude, 0..1 (floats may exceed it). */
  readonly peak: number;
};

const SILENCE_DECIBELS = -100;

/** Both are 0 for no samples. */
export function measureLevel(samples: Float32Array): Level {
  let squares = 0;
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i]!);
    squares += magnitude * magnitude;
    if (magnitude > peak) peak = magnitude;
  }
  return { rms: samples.length === 0 ? 0 : Math.sqrt(squares / samples.length), peak };
}

/** Decibels relative to full scale, never below -100. */
export function toDecibels(amplitude: number): number {
  return Math.max(SILENCE_DECIBELS, 20 * Math.log10(amplitude));
}
