/** The front end of a checkpoint: NeMo's `AudioToMelSpectrogramPreprocessor` config in samples and our names. */
import * as v from 'valibot';
import { type ConfigTree, flag, parseConfig } from './config.ts';
import { type FrameTiming, bandCount, readFrameTiming, timingFields } from './frame-timing.ts';

const schema = v.object({
  ...timingFields,
  // NeMo also builds front ends of no window (ones, none, null), and fails when they run.
  window: v.optional(v.picklist(['hann', 'hamming', 'blackman', 'bartlett']), 'hann'),
  preemph: v.nullish(v.number(), 0.97),
  features: v.nullish(bandCount, 64),
  lowfreq: v.nullish(v.number(), 0),
  highfreq: v.nullish(v.number()),
  log: flag(true),
  log_zero_guard_type: v.nullish(v.picklist(['add', 'clamp']), 'add'),
  log_zero_guard_value: v.nullish(v.union([v.number(), v.picklist(['tiny', 'eps'])]), 2 ** -24),
  normalize: v.nullish(
    v.union([v.string(), v.boolean(), v.object({ fixed_mean: v.array(v.number()), fixed_std: v.array(v.number()) })]),
  ),
  pad_value: v.nullish(v.number(), 0),
  frame_splicing: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16)), 1),
  exact_pad: flag(false),
  mag_power: v.nullish(v.number(), 2),
  mel_norm: v.optional(v.nullable(v.picklist(['slaney'])), 'slaney'), // null means none, absent means the default
});

/** Everything `audio/mel.ts` needs, by the same names (its `MelConfig` without the tensors of the checkpoint). */
export type MelSpec = FrameTiming & {
  readonly window: 'hann' | 'hamming' | 'blackman' | 'bartlett';
  readonly numMels: number;
  readonly lowFreq: number;
  /** Null is half the sample rate. */
  readonly highFreq: number | null;
  readonly preemphasis: number | null;
  readonly log: boolean;
  readonly logZeroGuardType: 'add' | 'clamp';
  readonly logZeroGuardValue: number | 'tiny' | 'eps';
  readonly normalize:
    | 'per_feature'
    | 'all_features'
    | 'none'
    | { readonly fixedMean: readonly number[]; readonly fixedStd: readonly number[] };
  readonly padTo: number;
  readonly padValue: number;
  readonly frameSplicing: number;
  readonly exactPad: boolean;
  readonly magPower: number;
  readonly melNorm: 'slaney' | null;
};

/** Reads the `preprocessor` section. `pad_to` is 0 as `transcribe()` sets it, and there is no dither in inference. */
export function readMelSpec(section: unknown): MelSpec {
  const c = parseConfig(schema, section, 'preprocessor');
  const preemphasis = (section as ConfigTree)['preemph'];
  return {
    ...readFrameTiming(c),
    window: c.window,
    numMels: c.features,
    lowFreq: c.lowfreq,
    highFreq: c.highfreq || null,
    // An explicit null switches it off; only an absent key means the default.
    preemphasis: preemphasis === null ? null : c.preemph,
    log: c.log,
    logZeroGuardType: c.log_zero_guard_type,
    logZeroGuardValue: c.log_zero_guard_value,
    normalize: normalization(section, c.normalize),
    padTo: 0,
    padValue: c.pad_value,
    frameSplicing: c.frame_splicing,
    exactPad: c.exact_pad,
    magPower: c.mag_power,
    melNorm: c.mel_norm,
  };
}

/** NeMo treats every unknown string as "do not normalise" ("NA" in streaming recipes); an absent key means per feature. */
function normalization(section: unknown, value: v.InferOutput<typeof schema>['normalize']): MelSpec['normalize'] {
  if (!Object.hasOwn(section as ConfigTree, 'normalize')) return 'per_feature';
  if (value === 'per_feature' || value === 'all_features') return value;
  if (typeof value === 'object' && value !== null) return { fixedMean: value.fixed_mean, fixedStd: value.fixed_std };
  return 'none';
}
