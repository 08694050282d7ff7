/**
 * Resampling by a windowed sinc, sample for sample what lhotse (and so NeMo's `transcribe`) and torchaudio do:
 * `torchaudio.transforms.Resample` with its defaults (Hann window, 6 zero crossings, roll-off 0.99).
 *
 * The rates' ratio is orig / new in lowest terms; output j = q * new + p is a fixed filter p over the input around q * orig. Each of the
 * filters is kept without the zeros it mostly consists of. Beyond both ends the signal is zero.
 */
import { SampleBuffer } from './sample-buffer.ts';

const ZERO_CROSSINGS = 6; // lowpass_filter_width
const ROLLOFF = 0.99;

/**
 * Mono samples at another rate: ceil(length * to / from) of them. Gives the same array back when the rates are equal.
 *
 * @throws RangeError when a rate is not a positive whole number of Hz
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  checkRates(from, to);
  if (from === to) return samples;
  const filters = makeFilters(from, to);
  const output = new Float32Array(outputLength(samples.length, filters));
  convolve(filters, { samples, start: 0, end: samples.length }, output, 0);
  return output;
}

/** The same for a signal that is still coming in: the pieces together are what `resample` gives for the whole signal. */
export class Resampler {
  readonly #filters: Filters | null;
  readonly #input = new SampleBuffer();
  #numOutput = 0;

  /** @throws RangeError when a rate is not a positive whole number of Hz */
  constructor(from: number, to: number) {
    checkRates(from, to);
    this.#filters = from === to ? null : makeFilters(from, to);
  }

  /** Takes the next samples and gives the output that no later sample can change. */
  push(samples: Float32Array): Float32Array {
    const filters = this.#filters;
    if (!filters) return samples;
    this.#input.append(samples);
    // Output j is settled when the filter around it, centred at input j * orig / new, lies within the input.
    return this.#take(filters, Math.floor(((this.#input.end - filters.reach) * filters.fresh) / filters.orig));
  }

  /** The signal is over: gives the rest. */
  finish(): Float32Array {
    const filters = this.#filters;
    return filters ? this.#take(filters, outputLength(this.#input.end, filters)) : new Float32Array(0);
  }

  #take(filters: Filters, end: number): Float32Array {
    const output = new Float32Array(Math.max(0, end - this.#numOutput));
    convolve(filters, this.#input, output, this.#numOutput);
    this.#numOutput += output.length;
    this.#input.dropBefore(Math.floor((this.#numOutput * filters.orig) / filters.fresh - filters.reach) - 1);
    return output;
  }
}

type Filters = {
  /** The ratio of the rates in lowest terms: `orig` input samples for `fresh` output samples. */
  readonly orig: number;
  readonly fresh: number;
  /** Half the width of every filter, in input samples. */
  readonly reach: number;
  /** First input sample of filter p, relative to its step. */
  readonly first: Int32Array;
  /** Where filter p starts in `taps`; one more entry than filters. */
  readonly start: Int32Array;
  readonly taps: Float32Array;
};

function makeFilters(from: number, to: number): Filters {
  const divisor = greatestCommonDivisor(from, to);
  const [orig, fresh] = [from / divisor, to / divisor];
  const cutoff = Math.min(orig, fresh) * ROLLOFF;
  const reach = (ZERO_CROSSINGS * orig) / cutoff;
  const first = new Int32Array(fresh);
  const start = new Int32Array(fresh + 1);
  const taps = new Float32Array(fresh * Math.ceil(2 * reach + 1));
  let numTaps = 0;
  for (let p = 0; p < fresh; p++) {
    const centre = (p * orig) / fresh;
    const low = Math.ceil(centre - reach);
    const high = Math.floor(centre + reach);
    first[p] = low;
    for (let i = low; i <= high; i++) {
      // torch divides p by new in float32; without that some taps differ by 1e-5.
      const t = clamp((i / orig - Math.fround(p / fresh)) * cutoff);
      const window = Math.cos((t * Math.PI) / ZERO_CROSSINGS / 2) ** 2;
      const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
      taps[numTaps++] = (sinc * window * cutoff) / orig;
    }
    start[p + 1] = numTaps;
  }
  return { orig, fresh, reach, first, start, taps };
}

function clamp(t: number): number {
  return Math.min(Math.max(t, -ZERO_CROSSINGS), ZERO_CROSSINGS);
}

/** Fills `output` with the output samples from number `firstOutput` on. */
function convolve(
  filters: Filters,
  input: { samples: Float32Array; start: number; end: number },
  output: Float32Array,
  firstOutput: number,
): void {
  const { orig, fresh, first, start, taps } = filters;
  const { samples, start: offset, end } = input;
  let phase = firstOutput % fresh;
  let step = ((firstOutput - phase) / fresh) * orig;
  for (let j = 0; j < output.length; j++) {
    const from = step + first[phase]!;
    const numTaps = start[phase + 1]! - start[phase]!;
    const tapOffset = start[phase]! - from;
    const stop = Math.min(from + numTaps, end);
    let sum = 0;
    for (let i = Math.max(from, 0); i < stop; i++) sum += taps[tapOffset + i]! * samples[i - offset]!;
    output[j] = sum;
    if (++phase === fresh) {
      phase = 0;
      step += orig;
    }
  }
}

function outputLength(numSamples: number, { orig, fresh }: Filters): number {
  return Math.ceil((fresh * numSamples) / orig);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function checkRates(...rates: number[]): void {
  for (const rate of rates)
    if (!Number.isSafeInteger(rate) || rate < 1)
      throw new RangeError(`sample rates must be positive whole numbers of Hz, not ${rate}`);
}
