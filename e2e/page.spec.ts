/** The page with real checkpoints and recordings: the text, the device that ran, and that it stays usable when something is wrong. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { repeated } from './support/long-wav.ts';
import { SPOKEN, WRITTEN, card, checkpoint, clip, give, openPage, shown, test, textOf } from './support/page.ts';

test('a dropped checkpoint and recording give NeMo’s text on the device asked for', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('morning'), clip('river')]);
  await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
  await expect(textOf(card(page, 'river.wav'))).toHaveText(WRITTEN.river);
  await expect(card(page, 'river.wav').locator('[part=status]')).toContainText(`on ${shown(device)}`);
  await expect(page.locator(`sotto-model-panel [data-device=${device}]`)).toBeVisible();
});

test('files dropped on the page are taken', async ({ page, device }) => {
  await openPage(page, device);
  const files = await Promise.all(
    [checkpoint('fastconformer-ctc-bpe'), clip('forty')].map(async (path) => ({
      name: path.split('/').at(-1),
      bytes: [...(await readFile(path))],
    })),
  );
  const transfer = await page.evaluateHandle((items) => {
    const data = new DataTransfer();
    for (const { name, bytes } of items) data.items.add(new File([new Uint8Array(bytes)], name ?? 'file'));
    return data;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('sotto-page', type, { dataTransfer: transfer });
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
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

test.describe('bad input', () => {
  const BAD = [
    {
      name: 'not a checkpoint',
      file: 'broken.nemo',
      bytes: Buffer.from('this is no archive at all'.repeat(400)),
      code: 'checkpoint-corrupt',
    },
    { name: 'an empty recording', file: 'empty.wav', bytes: Buffer.alloc(0), code: /audio-(empty|undecodable)/ },
    {
      name: 'a text file',
      file: 'letter.mp3',
      bytes: Buffer.from('Dear Sir or Madam'.repeat(100)),
      code: 'audio-undecodable',
    },
  ];
  for (const { name, file, bytes, code } of BAD) {
    test(`${name} is told in plain words, and the page stays usable`, async ({ page, device }) => {
      await openPage(page, device);
      await page
        .locator('sotto-page input[multiple]')
        .setInputFiles({ name: file, mimeType: 'application/octet-stream', buffer: bytes });
      const problem = page.locator('.problem').first();
      await expect(problem).toBeVisible();
      expect(await problem.getAttribute('data-code')).toMatch(code);
      await give(page, [checkpoint('fastconformer-ctc-bpe'), clip('forty')]);
      await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
    });
  }

  test('a truncated checkpoint leaves nothing in the store', async ({ page, device }) => {
    const whole = await readFile(checkpoint('fastconformer-ctc-bpe'));
    await openPage(page, device);
    const buffer = whole.subarray(0, Math.floor(whole.length / 2));
    await page
      .locator('sotto-page input[multiple]')
      .setInputFiles({ name: 'half.nemo', mimeType: 'application/octet-stream', buffer });
    await expect(page.locator('sotto-model-panel .problem[data-code=checkpoint-corrupt]')).toBeVisible();
    await page.getByRole('button', { name: 'Change model' }).click();
    await expect(page.locator('sotto-model-panel li', { hasText: 'built in' })).toBeVisible();
    await expect(page.locator('sotto-model-panel li[data-stored]')).toHaveCount(0);
  });
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
  expect([...hosts].filter((host) => host !== 'localhost:4173' && host !== 'blob')).toEqual([]);
});
