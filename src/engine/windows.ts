/**
 * A recording as windows the encoder can take, cut at speech pauses while it is still being decoded.
 *
 * Up to `fullSeconds` a recording stays whole, because that is what NeMo does and what gives its numbers. Longer ones are cut at the quietest
 * moment of the last part of every window, so memory is bounded by one window whatever the length. Cuts fall on encoder frames, so that the
 * frames of all windows count on.
 */
import { cutAtPauses } from '../audio/pauses.ts';
import type { Stretch } from '../audio/voice-activity.ts';
import { concatenate } from './audio-source.ts';
import type { LongAudioMode } from './options.ts';

export type AudioWindow = {
  readonly samples: Float32Array;
  /** First sample within the recording. */
  readonly start: number;
  readonly isLast: boolean;
  /** True where a voice detector heard nobody. */
  readonly isSilent?: true;
};

export type WindowOptions = {
  readonly sampleRate: number;
  /** Samples an encoder frame spans. */
  readonly frameSamples: number;
  readonly long: LongAudioMode;
  /** Whole up to this length in `auto`. @default 120 */
  readonly fullSeconds?: number;
  /** Stretches of speech in seconds, from a voice detector. @default none: the quietest moment is the best place to cut */
  readonly findSpeech?: (samples: Float32Array) => Promise<readonly Stretch[]>;
};

/** Attention memory grows with the square of a window; `wholeSeconds` says where less fits. */
export const FULL_SECONDS = 120;
/** Canary has never been taught longer ones: it would lose the thread, or run out of positions. */
export const AED_FULL_SECONDS = 40;
const MAX_WINDOW_SECONDS = 30;
const MIN_WINDOW_SECONDS = 15;
/** What NeMo's chunked inference of attention decoders cuts, wherever the words are. */
const BUFFERED_SECONDS = 40;
/** The last two windows share what is left: a cut in a pause matters more than length there. */
const MIN_LAST_SECONDS = 5;

export async function* cutWindows(
  blocks: AsyncIterable<Float32Array>,
  options: WindowOptions,
): AsyncGenerator<AudioWindow> {
  const { sampleRate, long, fullSeconds = FULL_SECONDS } = options;
  if (long === 'buffered') {
    yield* cutEvenly(blocks, BUFFERED_SECONDS * sampleRate);
    return;
  }
  const fullSamples =
    long === 'full'
      ? Number.POSITIVE_INFINITY
      : long === 'pauses'
        ? MAX_WINDOW_SECONDS * sampleRate
        : fullSeconds * sampleRate;
  // The shortest window more than a cut needs, so that what is left never falls below it.
  const cutSamples = (MAX_WINDOW_SECONDS + MIN_WINDOW_SECONDS) * sampleRate;
  let pending: Float32Array[] = [];
  let numPending = 0;
  let start = 0;

  const takeFirst = async (minSeconds: number): Promise<AudioWindow> => {
    const samples = concatenate(pending);
    const head = samples.subarray(0, cutSamples);
    const speech = await options.findSpeech?.(head);
    const cut = firstCut(head, minSeconds, options, speech);
    const window = { samples: samples.slice(0, cut), start, isLast: false, ...silence(speech, cut / sampleRate) };
    start += cut;
    pending = [samples.subarray(cut)];
    numPending -= cut;
    return window;
  };
  for await (const block of blocks) {
    pending.push(block);
    numPending += block.length;
    while (numPending > (start === 0 ? Math.max(fullSamples, cutSamples) : cutSamples))
      yield await takeFirst(MIN_WINDOW_SECONDS);
  }
  while (numPending > (start === 0 ? fullSamples : MAX_WINDOW_SECONDS * sampleRate))
    yield await takeFirst(MIN_LAST_SECONDS);
  const last = concatenate(pending);
  yield { samples: last, start, isLast: true, ...silence(await options.findSpeech?.(last), last.length / sampleRate) };
}

async function* cutEvenly(blocks: AsyncIterable<Float32Array>, size: number): AsyncGenerator<AudioWindow> {
  let pending = new Float32Array(0);
  let start = 0;
  for await (const block of blocks) {
    pending = concatenate([pending, block]) as Float32Array<ArrayBuffer>;
    while (pending.length > size) {
      yield { samples: pending.slice(0, size), start, isLast: false };
      pending = pending.slice(size);
      start += size;
    }
  }
  yield { samples: pending, start, isLast: true };
}

/** End of the first window, on an encoder frame: in the longest gap between voices, else where it is quietest. */
function firstCut(
  head: Float32Array,
  minSeconds: number,
  { sampleRate, frameSamples }: WindowOptions,
  speech: readonly Stretch[] = [],
): number {
  const gap = speech.length > 0 ? middleOfLongestGap(speech, minSeconds, MAX_WINDOW_SECONDS) : undefined;
  const end =
    gap === undefined
      ? (cutAtPauses(head, sampleRate, { maxSeconds: MAX_WINDOW_SECONDS, minSeconds })[0]?.end ?? head.length)
      : Math.floor(gap * sampleRate);
  return Math.max(frameSamples, end - (end % frameSamples));
}

/** Of what lies between `from` and `to` seconds; undefined where somebody speaks all the time. */
function middleOfLongestGap(speech: readonly Stretch[], from: number, to: number): number | undefined {
  let best = { length: 0, middle: 0 };
  let silentSince = 0;
  for (const [start, end] of [...speech, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as const]) {
    const [left, right] = [Math.max(silentSince, from), Math.min(start, to)];
    if (right - left > best.length) best = { length: right - left, middle: (left + right) / 2 };
    silentSince = end;
  }
  return best.length > 0 ? best.middle : undefined;
}

function silence(speech: readonly Stretch[] | undefined, seconds: number): Pick<AudioWindow, 'isSilent'> {
  return !speech || speech.some(([start]) => start < seconds) ? {} : { isSilent: true };
}
