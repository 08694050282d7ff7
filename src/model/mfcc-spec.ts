/** The MFCC front end of older classification checkpoints: NeMo's `AudioToMFCCPreprocessor` config in samples and our names. */
import * as v from 'valibot';
import { dimension, parseConfig } from './config.ts';

const schema = v.object({
  sample_rate: v.nullish(v.pipe(v.number(), v.minValue(1000), v.maxValue(768_000)), 16000),
  window_size: v.nullish(v.number()),
  window_stride: v.nullish(v.number()),
  n_window_size: v.nullish(v.number()),
  n_window_stride: v.nullish(v.number()),
  window: v.optional(v.nullable(v.picklist(['hann', 'hamming', 'blackman', 'bartlett', 'ones', 'none'])), 'hann'), // null means ones
  n_fft: v.nullish(v.pipe(v.number(), v.minValue(2), v.maxValue(65_536))),
  lowfreq: v.nullish(v.number(), 0),
  highfreq: v.nullish(v.number()),
  n_mels: v.nullish(dimension, 64),
  n_mfcc: v.nullish(dimension, 64),
  norm: v.optional(v.nullable(v.picklist(['ortho'])), 'ortho'), // null means none, absent means the default
  log: v.nullish(v.boolean(), true),
});

/** Everything `audio/mfcc.ts` needs, by the same names (its `MfccConfig`). */
export type MfccSpec = {
  readonly sampleRate: number;
  readonly windowLength: number;
  readonly hopLength: number;
  readonly nFft: number;
  readonly window: 'hann' | 'hamming' | 'blackman' | 'bartlett' | 'none';
  readonly lowFreq: number;
  readonly highFreq: number | null;
  readonly numMels: number;
  readonly numMfcc: number;
  readonly norm: 'ortho' | null;
  readonly log: boolean;
  /** Seconds between feature columns as the config gives it. */
  readonly windowStride: number;
};

/** Reads the `preprocessor` section. */
export function readMfccSpec(section: unknown): MfccSpec {
  const c = parseConfig(schema, section, 'preprocessor');
  const windowLength = c.n_window_size ?? Math.trunc((c.window_size ?? 0.02) * c.sample_rate);
  const windowStride = c.window_stride ?? 0.01;
  return {
    sampleRate: c.sample_rate,
    windowLength,
    hopLength: c.n_window_stride ?? Math.trunc(windowStride * c.sample_rate),
    nFft: c.n_fft ?? 2 ** Math.ceil(Math.log2(windowLength)),
    window: c.window === 'ones' ? 'none' : (c.window ?? 'none'),
    lowFreq: c.lowfreq,
    highFreq: c.highfreq ?? null,
    numMels: c.n_mels,
    numMfcc: c.n_mfcc,
    norm: c.norm,
    log: c.log,
    windowStride,
  };
}
