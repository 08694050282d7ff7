/** Recordings in every format that people drop on a page, video among them: the text is that of the WAV. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { wordErrorRateDetail } from '../src/text/word-error-rate.ts';
import {
  type WRITTEN as Written,
  WRITTEN,
  card,
  checkpoint,
  drop,
  media,
  openPage,
  test,
  textOf,
} from './support/page.ts';

type Listed = { readonly clip: keyof typeof Written | null; readonly what: string };

/** Kept as they are in the file: the text must be the very same. */
const LOSSLESS = ['pcm-44k-stereo.wav', 'pcm-48k-24bit.wav', 'float-48k.wav', 'flac.flac', 'video-flac.mkv'];
/** Half of the sound is gone, or its finer points: a word may differ. */
const LOSSY = ['pcm-8k.wav', 'mp3.mp3', 'aac.m4a', 'opus.ogg', 'vorbis.ogg', 'opus.webm', 'video.webm', 'video.mp4'];

test('audio and video of every format, dropped at once, give the text of the WAV', async ({ page, device }) => {
  const { files } = JSON.parse(await readFile(media('media.json'), 'utf8')) as { files: Record<string, Listed> };
  const names = [...LOSSLESS, ...LOSSY];
  await openPage(page, device);
  await drop(page, [checkpoint('fastconformer-tdt-bpe'), ...names.map(media)]);

  for (const name of names) {
    const { clip } = files[name] as Listed;
    const done = card(page, name).locator('[data-status=done]');
    await expect(done, name).toBeVisible();
    const expected = WRITTEN[clip as keyof typeof WRITTEN];
    const text = (await textOf(card(page, name)).textContent()) ?? '';
    const { substitutions, insertions, deletions } = wordErrorRateDetail([text], [expected]);
    expect(substitutions + insertions + deletions, `${name}: ${text}`).toBeLessThanOrEqual(
      LOSSY.includes(name) ? 1 : 0,
    );
    await expect(done, name).toContainText(clip === 'morning' ? '0:03' : '0:01');
  }
  // In the order they were given, not the last one first.
  await expect(page.locator('sotto-job-card h2')).toHaveText(names);
});

test('what this browser has no decoder for is refused with the codec’s name and a way out', async ({
  page,
  device,
}) => {
  await openPage(page, device);
  await drop(page, [media('ac3.mkv'), media('picture.mp4')]);
  await expect(card(page, 'ac3.mkv').locator('.problem')).toContainText(
    'The file is Matroska (ac3): this browser has no decoder for it. Convert it to WAV, FLAC, MP3 or M4A (AAC)',
  );
  const silent = card(page, 'picture.mp4').locator('.problem');
  await expect(silent).toHaveAttribute('data-code', 'audio-empty');
  await silent.getByText('Detail', { exact: true }).click();
  await expect(silent).toContainText('The MP4 file has no audio track.');
});
