/**
 * Reads and writes WAV files.
 *
 * Integers are scaled by their full range (16 bits by 1/32768), as soundfile and NeMo do; 8-bit samples are the only unsigned ones. Floats
 * may exceed 1 and are kept; NaN and infinity, which would spoil a whole window of features, become 0.
 */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { Pcm } from './pcm.ts';
import { readWavHeader, type WavEncoding } from './wav-header.ts';

/** Samples a channel in a block of `streamWav`: about 4 s at 16 kHz. */
const BLOCK_FRAMES = 65_536;

/**
 * The sound of a WAV file, block by block, so that memory stays bounded however long it is.
 *
 * @throws AsrError `audio-undecodable`, `audio-empty`, `cancelled`
 */
export async function* streamWav(blob: Blob, { signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Pcm> {
  const header = await readWavHeader(blob);
  const { encoding, numChannels, sampleRate, bytesPerSample, byteOffset, numFrames } = header;
  if (numFrames === 0) throw new AsrError('audio-empty', 'The WAV file has no samples.');
  const frameBytes = numChannels * bytesPerSample;
  for (let frame = 0; frame < numFrames; frame += BLOCK_FRAMES) {
    throwIfAborted(signal);
    const start = byteOffset + frame * frameBytes;
    const end = byteOffset + Math.min(frame + BLOCK_FRAMES, numFrames) * frameBytes;
    const view = new DataView(await blob.slice(start, end).arrayBuffer());
    const read = makeReader(view, encoding, bytesPerSample);
    const channels = Array.from({ length: numChannels }, (_, channel) => {
      const samples = new Float32Array(view.byteLength / frameBytes);
      for (let i = 0, at = channel * bytesPerSample; i < samples.length; i++, at += frameBytes) samples[i] = read(at);
      return samples;
    });
    yield header.isTruncated ? { channels, sampleRate, truncated: true } : { channels, sampleRate };
  }
}

/**
 * The whole sound of a WAV file.
 *
 * @throws AsrError `audio-undecodable`, `audio-empty`
 */
export async function decodeWav(blob: Blob): Promise<Pcm> {
  const { numChannels, numFrames } = await readWavHeader(blob);
  const channels = Array.from({ length: numChannels }, () => new Float32Array(numFrames));
  let whole: Pcm | undefined;
  let frame = 0;
  for await (const block of streamWav(blob)) {
    for (const [i, channel] of channels.entries()) channel.set(block.channels[i]!, frame);
    frame += block.channels[0]!.length;
    whole = { ...block, channels };
  }
  return whole!; // streamWav gives at least one block or throws
}

/** Mono samples as a 16-bit PCM file; what is beyond full scale is cut. */
export function encodeWav(samples: Float32Array, sampleRate: number): Blob {
  const header = new DataView(new ArrayBuffer(44));
  const putTag = (at: number, tag: string) => {
    for (let i = 0; i < tag.length; i++) header.setUint8(at + i, tag.charCodeAt(i));
  };
  putTag(0, 'RIFF');
  header.setUint32(4, 36 + 2 * samples.length, true);
  putTag(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, 2 * sampleRate, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  putTag(36, 'data');
  header.setUint32(40, 2 * samples.length, true);
  const body = new DataView(new ArrayBuffer(2 * samples.length));
  for (let i = 0; i < samples.length; i++)
    body.setInt16(2 * i, Math.max(-32_768, Math.min(32_767, Math.round(samples[i]! * 32_768))), true);
  return new Blob([header.buffer, body.buffer], { type: 'audio/wav' });
}

/** A function from byte position to sample. */
function makeReader(view: DataView, encoding: WavEncoding, bytes: number): (at: number) => number {
  switch (encoding) {
    case 'unsigned':
      return (at) => (view.getUint8(at) - 128) / 128;
    case 'signed':
      if (bytes === 2) return (at) => view.getInt16(at, true) / 32_768;
      if (bytes === 3) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65_536) / 8_388_608;
      return (at) => view.getInt32(at, true) / 2_147_483_648;
    case 'float':
      if (bytes === 4) return (at) => finite(view.getFloat32(at, true));
      return (at) => finite(view.getFloat64(at, true));
    case 'a-law':
      return (at) => A_LAW[view.getUint8(at)]!;
    case 'mu-law':
      return (at) => MU_LAW[view.getUint8(at)]!;
  }
}

function finite(sample: number): number {
  return Number.isFinite(sample) ? sample : 0;
}

/** ITU-T G.711 by table: sign, 3-bit segment, 4-bit step, stored with bits inverted (mu) or every other bit (A). */
const MU_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (bits & 128 ? -magnitude : magnitude) / 32_768;
});

const A_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (bits & 128 ? magnitude : -magnitude) / 32_768;
});
