/**
 * Window and hop of a front end, in samples: NeMo takes both in seconds (`window_size`, `window_stride`) or in samples (`n_window_size`,
 * `n_window_stride`), and 0 or `null` in one leaves it to the other.
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';

/** Samples a window may have: no real one comes near, and tables are made of it. */
const MAX_FFT = 65_536;

/** Mel bands and coefficients: real front ends have up to 128, and tables of bands times `n_fft` are made of them. */
export const bandCount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024));

const seconds = (byDefault: number) => v.optional(v.nullable(v.number()), byDefault);
const samples = v.nullish(v.number(), 0);

/** The keys of `preprocessor` that say it. */
export const timingFields = {
  sample_rate: v.nullish(v.pipe(v.number(), v.minValue(1000), v.maxValue(768_000)), 16000),
  window_size: seconds(0.02),
  window_stride: seconds(0.01),
  n_window_size: samples,
  n_window_stride: samples,
  n_fft: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_FFT)), 0),
};

const schema = v.object(timingFields);

export type FrameTiming = {
  /** Hz. */
  readonly sampleRate: number;
  readonly windowLength: number;
  readonly hopLength: number;
  /** Points of the Fourier transform: as configured, else the power of two that holds the window. */
  readonly nFft: number;
  /** Seconds between feature columns as the config gives them; timestamps multiply by exactly this float64. */
  readonly windowStride: number;
};

/** @throws AsrError `checkpoint-unsupported` for what NeMo refuses (both forms, none, no whole samples) and for windows without end */
export function readFrameTiming(c: v.InferOutput<typeof schema>): FrameTiming {
  const windowLength = inSamples(c, 'window_size');
  const hopLength = inSamples(c, 'window_stride');
  if (windowLength > MAX_FFT)
    throw unsupported('window_size', `${windowLength} samples`, `a window of at most ${MAX_FFT} samples`);
  return {
    sampleRate: c.sample_rate,
    windowLength,
    hopLength,
    nFft: c.n_fft || 2 ** Math.ceil(Math.log2(windowLength)),
    // NeMo has no times without `window_stride`; these are the ones its frames have.
    windowStride: c.window_stride || hopLength / c.sample_rate,
  };
}

function inSamples(c: v.InferOutput<typeof schema>, key: 'window_size' | 'window_stride'): number {
  const [inSeconds, count] = [c[key], c[`n_${key}`]];
  if (inSeconds && count) throw unsupported(`n_${key}`, count, `one of ${key} and n_${key}, the other null`);
  const length = inSeconds ? Math.trunc(inSeconds * c.sample_rate) : count;
  if (!Number.isSafeInteger(length) || length < 1)
    throw unsupported(key, inSeconds || count || 'null', 'a whole sample or more');
  return length;
}

function unsupported(key: string, found: unknown, supported: string): AsrError {
  return new AsrError(
    'checkpoint-unsupported',
    `The configuration's preprocessor.${key} is ${found}; supported is ${supported}.`,
  );
}
