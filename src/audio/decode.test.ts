import { describe, expect, it } from 'vitest';
import { decodeAudio } from './decode.ts';
import { encodeWav } from './wav.ts';

// Decoding by WebCodecs needs a browser; here is what works and what must fail well everywhere.

async function decodeAll(blob: Blob): Promise<number> {
  let numSamples = 0;
  for await (const { channels } of decodeAudio(blob)) numSamples += channels[0]!.length;
  return numSamples;
}

describe('decodeAudio', () => {
  it('reads a WAV file whatever its name and type say', async () => {
    expect(await decodeAll(new File([encodeWav(new Float32Array(100), 16_000)], 'a.mp3', { type: 'audio/mpeg' }))).toBe(
      100,
    );
  });

  it('says that a file of 0 bytes is empty', async () => {
    await expect(decodeAll(new Blob([]))).rejects.toMatchObject({ code: 'audio-empty' });
  });

  it.each([
    ['text', new Blob(['hello '.repeat(500)])],
    ['a picture', new Blob([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), new Uint8Array(500)])],
    ['the first bytes of Ogg', new Blob(['OggS'])],
    ['the first bytes of FLAC', new Blob(['fLaC'])],
    ['the first bytes of MP4', new Blob([Uint8Array.of(0, 0, 0, 24), 'ftypisom', new Uint8Array(12)])],
  ])('refuses %s', async (_name, blob) => {
    await expect(decodeAll(blob)).rejects.toMatchObject({ code: expect.stringMatching(/^audio-/) });
  });

  it('stops before it starts when it is cancelled', async () => {
    const blocks = decodeAudio(encodeWav(new Float32Array(10), 16_000), { signal: AbortSignal.abort() });
    await expect(blocks.next()).rejects.toMatchObject({ code: 'cancelled' });
  });
});
