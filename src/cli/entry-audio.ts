/** Entries to recordings the engine takes: the whole file, or the part of it that a manifest line with an offset stands for. */
import { decodeAudio } from '../audio/decode.ts';
import { AsrError } from '../base/errors.ts';
import { openAudioArgument, type OpenedAudio } from './audio-argument.ts';
import type { Entry } from './manifest.ts';

/** @throws AsrError for a file that is missing or no sound, or an offset behind its end */
export async function openEntry(entry: Entry): Promise<OpenedAudio> {
  const audio = await openAudioArgument(entry.path);
  if (entry.offset === undefined) return audio;
  using whole = audio;
  const blob = await cutPart(whole.blob, entry.offset, entry.duration ?? Number.POSITIVE_INFINITY, entry.audio);
  return { blob, [Symbol.dispose]: () => {} };
}

/** Samples are cut at the file's own rate, before resampling, as NeMo's loader does. */
async function cutPart(blob: Blob, offset: number, duration: number, name: string): Promise<Blob> {
  let position = 0;
  let sampleRate = 0;
  let numChannels = 0;
  const pieces: Float32Array<ArrayBuffer>[] = [];
  for await (const block of decodeAudio(blob)) {
    const length = block.channels[0]?.length ?? 0;
    sampleRate = block.sampleRate;
    numChannels = block.channels.length;
    const from = Math.max(0, Math.round(offset * sampleRate) - position);
    const to = Math.min(length, Math.round((offset + duration) * sampleRate) - position);
    if (from < to) pieces.push(interleave(block.channels.map((channel) => channel.subarray(from, to))));
    position += length;
    if (position >= (offset + duration) * sampleRate) break;
  }
  if (pieces.length === 0)
    throw new AsrError('audio-empty', `'${name}' ends before the manifest's offset of ${offset} s.`);
  return new Blob([
    floatWavHeader(
      sampleRate,
      numChannels,
      pieces.reduce((sum, piece) => sum + piece.byteLength, 0),
    ),
    ...pieces,
  ]);
}

function interleave(channels: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const length = channels[0]?.length ?? 0;
  const result = new Float32Array(length * channels.length);
  channels.forEach((channel, index) => {
    for (let frame = 0; frame < length; frame++) result[frame * channels.length + index] = channel[frame] ?? 0;
  });
  return result;
}

/** Header of a WAV file of 32-bit floats, which keep every sample as it was. */
function floatWavHeader(sampleRate: number, numChannels: number, numBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('RIFF\0\0\0\0WAVEfmt '));
  view.setUint32(4, 36 + numBytes, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 3, true); // IEEE float
  view.setUint16(22, numChannels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * numChannels * 4, true);
  view.setUint16(32, numChannels * 4, true);
  view.setUint16(34, 32, true);
  bytes.set(new TextEncoder().encode('data'), 36);
  view.setUint32(40, numBytes, true);
  return bytes;
}
