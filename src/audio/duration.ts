/** How long a recording will be, as its file tells without being decoded: for progress, never for results. */
import { openMedia } from './media.ts';
import { isWav, readWavHeader } from './wav-header.ts';

/** Seconds; undefined where only decoding would tell, or where nothing can be read. */
export async function durationOf(blob: Blob): Promise<number | undefined> {
  try {
    if (await isWav(blob)) {
      const { numFrames, sampleRate } = await readWavHeader(blob);
      return numFrames / sampleRate;
    }
    return await durationOfMedia(blob);
  } catch {
    return undefined; // decoding tells what is wrong
  }
}

async function durationOfMedia(blob: Blob): Promise<number | undefined> {
  using input = await openMedia(blob);
  const track = await input.getPrimaryAudioTrack();
  if (!track) return undefined;
  // Ogg has its length in the last page only, which is found at once; elsewhere computing means reading every packet.
  const isOgg = (await input.getFormat()).name === 'Ogg';
  const seconds = isOgg ? await track.computeDuration() : await track.getDurationFromMetadata();
  return seconds !== null && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}
