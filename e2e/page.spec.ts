/** The page with real checkpoints and recordings: the text, the device that ran, and that it stays usable when something is wrong. */
import { readFile } from 'node:fs/promises';
import { type Download, expect } from '@playwright/test';
import { repeated } from './support/long-wav.ts';
import { WRITTEN, card, checkpoint, clip, give, openPage, shown, test, textOf } from './support/page.ts';

test('a dropped checkpoint and recording give NeMo’s text on the device asked for', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('morning'), clip('river')]);
  await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
  await expect(textOf(card(page, 'river.wav'))).toHaveText(WRITTEN.river);
  await expect(card(page, 'river.wav').locator('[part=status]')).toContainText(`on ${shown(device)}`);
  await expect(page.locator(`sotto-model-panel [data-device=${device}]`)).toBeVisible();
});

test('the built-in checkpoint transcribes without anything being chosen', async ({ page, device }) => {
  await openPage(page, device, [clip('morning')]);
  await expect(card(page, 'morning.wav').locator('[data-status=done]')).toContainText(`on ${shown(device)}`);
  await expect(page.locator('sotto-model-panel')).toContainText('sotto-tiny-en');
  await expect(textOf(card(page, 'morning.wav'))).toContainText(/\w/);
});

test('copy, exports, and a click on a word that plays it', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('morning')]);
  const done = card(page, 'morning.wav');
  await expect(textOf(done)).toHaveText(WRITTEN.morning);

  await done.getByRole('button', { name: 'Copy text' }).click();
  await expect(done.getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(WRITTEN.morning);

  for (const [format, start] of [
    ['TXT', WRITTEN.morning],
    ['SRT', '1\n00:00:0'],
    ['VTT', 'WEBVTT'],
    ['CTM', 'morning 1 0.'],
    ['JSON', '{\n  "task": "transcribe"'],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      done.getByRole('button', { name: format, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`morning.${format.toLowerCase()}`);
    expect((await readFile(await download.path(), 'utf8')).startsWith(start)).toBe(true);
  }

  await done.locator('.text span', { hasText: 'listeners' }).click();
  await expect(done.getByRole('button', { name: 'Pause' })).toBeVisible();
});

test('two transcripts are copied and kept together, in one file or one each', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('morning')]);
  await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
  const all = page.locator('sotto-save-all');
  await expect(all).toBeHidden(); // one needs no second card
  await give(page, [clip('river')]);
  await expect(all).toContainText('2 transcripts');

  await all.getByRole('button', { name: 'Copy all' }).click();
  await expect(all.getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    `river.wav\n\n${WRITTEN.river}\n\n\nmorning.wav\n\n${WRITTEN.morning}`,
  );

  const saved: Download[] = [];
  page.on('download', (download) => saved.push(download));
  const textsOf = (): Promise<string[]> =>
    Promise.all(saved.map(async (download) => readFile(await download.path(), 'utf8')));
  await all.getByRole('button', { name: 'All as NeMo manifest' }).click();
  await expect.poll(() => saved.map((download) => download.suggestedFilename())).toEqual(['transcripts.jsonl']);
  const [manifest = ''] = await textsOf();
  expect(
    manifest
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { audio_filepath: 'river.wav', pred_text: WRITTEN.river },
    { audio_filepath: 'morning.wav', pred_text: WRITTEN.morning },
  ]);
  saved.length = 0;
  await all.getByRole('button', { name: 'All as SRT' }).click();
  await expect.poll(() => saved.map((download) => download.suggestedFilename())).toEqual(['river.srt', 'morning.srt']);
  for (const text of await textsOf()) expect(text).toMatch(/^1\n00:00:0/);
});

test('a cancelled recording keeps the text it had and does not stop the next one', async ({
  page,
  device,
}, testInfo) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(WRITTEN.forty);
  await give(page, [await repeated('river', 240, testInfo.outputPath('long.wav'))]);
  await expect(textOf(card(page, 'long.wav'))).toContainText('river');
  await give(page, [clip('morning')]);
  // Timed in the page: Playwright's own click waits for frames, which are late on a busy machine.
  const cancel = card(page, 'long.wav').getByRole('button', { name: 'Cancel' });
  const milliseconds = await cancel.evaluate((button) => {
    const startedAt = performance.now();
    const root = button.getRootNode() as ShadowRoot;
    (button as HTMLButtonElement).click();
    return new Promise<number>((resolve) => {
      const look = () => {
        if (root.querySelector('[data-status=cancelled]')) resolve(performance.now() - startedAt);
        else setTimeout(look, 10);
      };
      look();
    });
  });
  expect(milliseconds).toBeLessThan(1000);
  await expect(textOf(card(page, 'long.wav'))).toContainText('river');
  await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
});

test('the page’s thread is never blocked longer than 50 ms while transcribing', async ({ page, device }, testInfo) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(WRITTEN.forty);
  await give(page, [await repeated('river', 24, testInfo.outputPath('long.wav'))]);
  await expect(card(page, 'long.wav').locator('[data-status=reading], [data-status=transcribing]')).toBeVisible();
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    Object.assign(window, { tasks });
  });
  await expect(card(page, 'long.wav').locator('[data-status=done]')).toBeVisible();
  const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
  expect(tasks.filter((duration) => duration > 50)).toEqual([]);
});

test('nothing is asked of any other host', async ({ page, device }) => {
  const hosts = new Set<string>();
  page.on('request', (request) =>
    hosts.add(new URL(request.url()).protocol === 'blob:' ? 'blob' : new URL(request.url()).host),
  );
  await openPage(page, device, [clip('morning')]);
  await expect(card(page, 'morning.wav').locator('[data-status=done]')).toBeVisible();
  expect([...hosts].filter((host) => host !== new URL(page.url()).host && host !== 'blob')).toEqual([]);
});
