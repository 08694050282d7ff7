/** The MFCC front end of older classification checkpoints: NeMo's `AudioToMFCCPreprocessor` config in samples and our names. */
import * as v from 'valibot';
import { flag, parseConfig } from './config.ts';
import { type FrameTiming, bandCount, readFrameTiming, timingFields } from './frame-timing.ts';

const schema = v.object({
  ...timingFields,
  window: v.optional(v.nullable(v.picklist(['hann', 'hamming', 'blackman', 'bartlett', 'ones'])), 'hann'), // null means ones
  lowfreq: v.nullish(v.number(), 0),
  highfreq: v.nullish(v.number()),
  n_mels: v.nullish(bandCount, 64),
  n_mfcc: v.nullish(bandCount, 64),
  norm: v.optional(v.nullable(v.picklist(['ortho'])), 'ortho'), // null means none, absent means the default
  log: flag(true),
});

/** Everything `audio/mfcc.ts` needs, by the same names (its `MfccConfig`). */
export type MfccSpec = FrameTiming & {
  readonly window: 'hann' | 'hamming' | 'blackman' | 'bartlett' | 'none';
  readonly lowFreq: number;
  readonly highFreq: number | null;
  readonly numMels: number;
  readonly numMfcc: number;
  readonly norm: 'ortho' | null;
  readonly log: boolean;
};

/** Reads the `preprocessor` section. */
export function readMfccSpec(section: unknown): MfccSpec {
  const c = parseConfig(schema, section, 'preprocessor');
  return {
    ...readFrameTiming(c),
    window: c.window === 'ones' ? 'none' : (c.window ?? 'none'),
    lowFreq: c.lowfreq,
    highFreq: c.highfreq ?? null,
    numMels: c.n_mels,
    numMfcc: c.n_mfcc,
    norm: c.norm,
    log: c.log,
  };
}
