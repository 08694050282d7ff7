/**
 * A recording as windows the encoder can take, cut at speech pauses while it is still being decoded.
 *
 * Up to `fullSeconds` a recording stays whole, because that is what NeMo does and what gives its numbers. Longer ones are cut at the quietest
 * moment of the last part of every window, so memory is bounded by one window whatever the length. Cuts fall on encoder frames, so that the
 * frames of all windows count on.
 */
import { concatenate } from './audio-source.ts';
import type { LongAudioMode } from './options.ts';

export type AudioWindow = {
  readonly samples: Float32Array;
  /** First sample within the recording. */
  readonly start: number;
  readonly isLast: boolean;
};

export type WindowOptions = {
  readonly sampleRate: number;
  /** Samples an encoder frame spans. */
  readonly frameSamples: number;
  readonly long: LongAudioMode;
};

/** Whole up to this length in `auto`; attention memory grows with the square of it. */
const FULL_SECONDS = 120;
const MAX_WINDOW_SECONDS = 30;
const MIN_WINDOW_SECONDS = 15;
/** Span whose energy decides how quiet a moment is. */
const QUIET_SECONDS = 0.2;
const QUIET_STEP_SECONDS = 0.02;

export async function* cutWindows(blocks: AsyncIterable<Float32Array>, options: WindowOptions): AsyncGenerator<AudioWindow> {
  const { sampleRate, long } = options;
  const fullSamples = long === 'full' ? Number.POSITIVE_INFINITY : long === 'pauses' ? 0 : FULL_SECONDS * sampleRate;
  const maxSamples = MAX_WINDOW_SECONDS * sampleRate;
  let pending: Float32Array[] = [];
  let numPending = 0;
  let start = 0;

  for await (const block of blocks) {
    pending.push(block);
    numPending += block.length;
    while (numPending > Math.max(start === 0 ? fullSamples : 0, maxSamples)) {
      const samples = concatenate(pending);
      const cut = quietestCut(samples, options);
      yield { samples: samples.slice(0, cut), start, isLast: false };
      start += cut;
      pending = [samples.subarray(cut)];
      numPending -= cut;
    }
  }
  yield { samples: concatenate(pending), start, isLast: true };
}

/** Middle of the quietest span between the least and the greatest window length, on an encoder frame. */
function quietestCut(samples: Float32Array, { sampleRate, frameSamples }: WindowOptions): number {
  const span = Math.round(QUIET_SECONDS * sampleRate);
  const step = Math.round(QUIET_STEP_SECONDS * sampleRate);
  const end = Math.min(samples.length, MAX_WINDOW_SECONDS * sampleRate) - span;
  let best = end;
  let least = Number.POSITIVE_INFINITY;
  for (let from = MIN_WINDOW_SECONDS * sampleRate; from <= end; from += step) {
    let energy = 0;
    for (let index = from; index < from + span; index++) energy += samples[index]! ** 2;
    // Of equal silences the latest wins: longer windows give the model more context.
    if (energy <= least) {
      least = energy;
      best = from;
    }
  }
  const cut = best + (span >> 1);
  return Math.max(frameSamples, cut - (cut % frameSamples));
}
