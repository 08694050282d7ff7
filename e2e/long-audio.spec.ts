/** An hour of sound in the page: memory that does not grow with it, text all along, and a page that stays free. */
import { readFile, truncate } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { spaced } from './support/long-wav.ts';
import { card, checkpoint, give, openPage, test, textOf } from './support/page.ts';
import { canReadMemory, rendererMemory } from './support/renderer-memory.ts';

/** An hour of samples is 230 MB, and the file 115 MB: neither may be held. */
const MAX_GROWTH_MIB = 80;

test('an hour needs no more memory than five minutes, and its text appears all along', async ({
  page,
  device,
  browser,
}, testInfo) => {
  test.skip(device === 'webgpu', 'a software GPU takes too long for an hour');
  test.skip(!canReadMemory, 'only Linux tells the memory of another process');
  test.setTimeout(600_000); // 15 s of processor time, more where machines are shared
  const short = await spaced('forty', { pause: 12, seconds: 300, path: testInfo.outputPath('short.wav') });
  const long = await spaced('forty', { pause: 12, seconds: 3600, path: testInfo.outputPath('long.wav') });
  await openPage(page, device, [checkpoint('fastconformer-ctc-bpe'), short]);
  await expect(card(page, 'short.wav').locator('[data-status=done]')).toBeVisible();
  const { peak: before } = await rendererMemory(browser);
  await give(page, [long]);
  const recording = card(page, 'long.wav');
  const lengths: number[] = [];
  await expect
    .poll(
      async () => {
        const blocks = await recording.locator('sotto-transcript-view p').allTextContents();
        lengths.push(blocks.join('').length);
        return recording.locator('[data-status]').getAttribute('data-status');
      },
      { timeout: 500_000, intervals: [500] },
    )
    .toBe('done');
  expect((await rendererMemory(browser)).peak - before).toBeLessThan(MAX_GROWTH_MIB);
  expect(new Set(lengths).size).toBeGreaterThan(5);

  await expect(recording.locator('[data-status=done]')).toContainText(/1:00:\d\d/);
  // Spans for all words of three hours took the page's thread 1.6 s; only those near the screen have one.
  expect(await recording.locator('sotto-transcript-view .text').count()).toBeGreaterThan(3);
  expect(await recording.locator('sotto-transcript-view .text:has(> span)').count()).toBeLessThan(4);

  const downloading = page.waitForEvent('download');
  await recording.getByRole('button', { name: 'SRT', exact: true }).click();
  const subtitles = await readFile(await (await downloading).path(), 'utf8');
  // The fixture has learnt one clip and not what lies between two, so what it says is no matter here; that it says it to the end is.
  expect(subtitles).toMatch(/\n00:59:\d\d,\d{3} --> /);
});

test('an hour that is cut off after fifteen seconds gives what there is', async ({ page, device }, testInfo) => {
  const path = await spaced('forty', { pause: 12, seconds: 3600, path: testInfo.outputPath('cut.wav') });
  await truncate(path, 500_001);
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), path]);
  await expect(card(page, 'cut.wav').locator('[data-status=done]')).toContainText('0:15');
  await expect(textOf(card(page, 'cut.wav'))).toHaveText(/\p{L}/u);
});
