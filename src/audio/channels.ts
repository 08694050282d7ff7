/**
 * Many channels to one, NeMo's `channel_selector`.
 *
 * NeMo refuses a stereo file without a selector; Sotto averages it then. Left and right of an interview are
 * two people: choose one by number and transcribe twice.
 */
import type { Pcm } from './pcm.ts';

/**
 * One channel by number from 0, or the average of all (also without a selector). May be the array of `pcm` itself: do not write to it.
 *
 * @throws RangeError when there is no such channel
 */
export function selectChannel({ channels }: Pcm, selector: number | 'average' | undefined): Float32Array {
  if (typeof selector === 'number') {
    const channel = channels[selector];
    if (!channel)
      throw new RangeError(`channelSelector ${selector}: the audio has ${channels.length} channel(s), counted from 0`);
    return channel;
  }
  const first = channels[0] ?? new Float32Array(0);
  if (channels.length < 2) return first;
  const average = new Float32Array(first.length);
  for (const channel of channels) for (let i = 0; i < average.length; i++) average[i] = average[i]! + channel[i]!;
  for (let i = 0; i < average.length; i++) average[i] = average[i]! / channels.length;
  return average;
}
