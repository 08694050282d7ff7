import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { durationOf } from './duration.ts';
import { encodeWav } from './wav.ts';

const MEDIA = join(import.meta.dirname, '../../e2e/fixtures/media');

describe('durationOf', () => {
  // `morning` lasts 3.152 s; encoders pad to whole packets, and a picture beside it may end later.
  it.each(['flac.flac', 'mp3.mp3', 'aac.m4a', 'opus.ogg', 'vorbis.ogg', 'opus.webm', 'video.mp4', 'video.webm'])(
    'reads the length of %s',
    async (name) => {
      const seconds = await durationOf(await openAsBlob(join(MEDIA, name)));
      expect(seconds).toBeGreaterThan(3.1);
      expect(seconds).toBeLessThan(3.6);
    },
  );

  it('reads a WAV’s from its header', async () => {
    expect(await durationOf(encodeWav(new Float32Array(8000), 16_000))).toBe(0.5);
  });

  it.each([
    ['nothing', new Blob([])],
    ['text', new Blob(['hello '.repeat(500)])],
    ['half a header', new Blob(['RIFF    WAVEfmt '])],
  ])('does not know that of %s', async (_name, blob) => {
    expect(await durationOf(blob)).toBeUndefined();
  });
});
