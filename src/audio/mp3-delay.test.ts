import { describe, expect, it } from 'vitest';
import { readMp3Delay } from './mp3-delay.ts';

/** A first MPEG-1 mono frame with a LAME tag: `delay` and `padding` are 12 bits each. */
function taggedFrame(delay: number, padding: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(417);
  bytes.set([0xff, 0xfb, 0x90, 0xc0]);
  bytes.set(new TextEncoder().encode('Info'), 21);
  bytes[28] = 0x0f; // frames, bytes, seek table, quality
  bytes.set(new TextEncoder().encode('LAME3.100'), 141);
  bytes.set([delay >> 4, ((delay & 15) << 4) | (padding >> 8), padding & 255], 162);
  return bytes;
}

describe('readMp3Delay', () => {
  it("adds the decoder's delay to the encoder's", async () => {
    expect(await readMp3Delay(new Blob([taggedFrame(576, 1000)]))).toBe(576 + 529);
  });

  it('looks behind an ID3 tag', async () => {
    const id3 = new Uint8Array(10 + 300);
    id3.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
    expect(await readMp3Delay(new Blob([id3, taggedFrame(1105, 0)]))).toBe(1105 + 529);
  });

  it('is 0 without a tag and for anything cut', async () => {
    expect(await readMp3Delay(new Blob([Uint8Array.of(0xff, 0xfb, 0x90, 0xc0), new Uint8Array(413)]))).toBe(0);
    for (const length of [0, 3, 4, 21, 30, 150, 164])
      expect(await readMp3Delay(new Blob([taggedFrame(576, 0).slice(0, length)]))).toBe(0);
  });
});
