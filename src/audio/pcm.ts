/** Decoded sound and its limits: what decoders give and everything after them takes. */
import { AsrError } from '../base/errors.ts';

/** A block of sound, one array a channel, all of the same length; full scale is 1. */
export type Pcm = {
  readonly channels: readonly Float32Array[];
  /** Hz. */
  readonly sampleRate: number;
  /** The file ended before the length its header promises; set on every block from the header on. */
  readonly truncated?: true;
};

// Far beyond any recording, so that a lying header fails here and not in the allocator.
export const MAX_AUDIO_CHANNELS = 64;
export const MAX_AUDIO_RATE = 768_000;
export const MAX_AUDIO_SECONDS: number = 24 * 3600;

/** @throws AsrError `audio-undecodable` when a file claims an impossible layout */
export function checkLayout(numChannels: number, sampleRate: number): void {
  if (!(numChannels >= 1 && numChannels <= MAX_AUDIO_CHANNELS))
    throw new AsrError(
      'audio-undecodable',
      `The file claims ${numChannels} channels; 1 to ${MAX_AUDIO_CHANNELS} can be read.`,
    );
  if (!(sampleRate >= 1 && sampleRate <= MAX_AUDIO_RATE))
    throw new AsrError(
      'audio-undecodable',
      `The file claims a sample rate of ${sampleRate} Hz; 1 to ${MAX_AUDIO_RATE} can be read.`,
    );
}

/** @throws AsrError `audio-undecodable` when a recording is longer than a day */
export function checkDuration(seconds: number): void {
  if (seconds > MAX_AUDIO_SECONDS)
    throw new AsrError('audio-undecodable', 'The recording is longer than 24 hours: cut it into parts.');
}
