/** Dictation on the page, with a WAV file for a microphone. */
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { DICTATION, checkpoint, openPage, test } from './support/page.ts';
import { serve } from './support/static-server.ts';

test('words appear while speaking, also those said while the model opens, and settle after stop', async ({
  page,
  device,
}) => {
  const { family, first, last } = DICTATION[device];
  await openPage(page, device, family ? [checkpoint(family)] : []);
  const button = page.getByRole('button', { name: 'Dictate' });
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const text = page.locator('.dictated sotto-transcript-view');
  await expect(text).toContainText(first);
  await expect(text).toContainText(last);
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByRole('button', { name: 'Copy text' })).toBeVisible();
  await expect(page.locator(`sotto-model-panel [data-device=${device}]`)).toBeVisible();
  await expect(text.locator('[part=draft]')).toHaveCount(0);
  await expect(text.locator('[part=settled]')).toContainText(last);
});

test('the loudness of the microphone is shown', async ({ page, device }) => {
  await openPage(page, device);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('sotto-level-meter i').nth(2)).toHaveAttribute('style', /scaleY\((?!0\.16)/);
});

test('a cancelled dictation leaves nothing', async ({ page, device }) => {
  await openPage(page, device);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('.dictated')).toBeVisible();
  await page.locator('sotto-dictation-panel').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.dictated')).toHaveCount(0);
});

/** What a browser throws, and what the page then says in the open. */
const REFUSALS = [
  ['refused', 'NotAllowedError', /was refused: allow it for this page in the browser's address bar/],
  ['missing', 'NotFoundError', /No microphone was found: plug one in/],
  ['used by another program', 'NotReadableError', /another program may be using it. Close that program and try again/],
] as const;

test('a microphone that is refused, missing or in use is told with its own remedy; afterwards it starts', async ({
  page,
  device,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    Object.assign(window, { refusal: '' });
    mediaDevices.getUserMedia = (constraints) => {
      const { refusal } = window as unknown as { refusal: string };
      return refusal ? Promise.reject(new DOMException('no', refusal)) : open(constraints);
    };
  });
  await openPage(page, device);
  const button = page.getByRole('button', { name: 'Dictate' });
  const problem = page.locator('.problem[data-code=microphone]');
  for (const [what, name, says] of REFUSALS) {
    await page.evaluate((refusal) => Object.assign(window, { refusal }), name);
    await button.click();
    await expect(problem, what).toContainText(says);
    await expect(page.locator('.dictated')).toHaveCount(0);
    await expect(button).toHaveAttribute('aria-pressed', 'false');
    await expect(page.getByRole('button', { name: 'Choose recordings' })).toBeEnabled();
  }
  await page.evaluate(() => Object.assign(window, { refusal: '' }));
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await expect(problem).toHaveCount(0);
});

test('a page that may not have the microphone says that it is the site which forbids it', async ({ page, device }) => {
  await using server = await serve({
    folder: join(import.meta.dirname, '../dist/page'),
    headers: { 'Permissions-Policy': 'microphone=()' },
  });
  await page.goto(`${server.url}/?device=${device}`);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('.problem[data-code=microphone]')).toContainText('Permissions-Policy');
});

test('stopped before the browser has granted the microphone, it is let go at once and can be started again', async ({
  page,
  device,
}) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    const tracks: MediaStreamTrack[] = [];
    Object.assign(window, { tracks });
    mediaDevices.getUserMedia = async (constraints) => {
      if (tracks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
      const stream = await open(constraints);
      tracks.push(...stream.getAudioTracks());
      return stream;
    };
  });
  await openPage(page, device);
  const states = (): Promise<string[]> =>
    page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map((track) => track.readyState));
  const button = page.getByRole('button', { name: 'Dictate' });
  await button.evaluate((element: HTMLButtonElement) => {
    element.click();
    element.click();
  });
  await expect.poll(states).toEqual(['ended']);
  await expect(button).toBeEnabled();
  await expect(page.locator('.dictated')).toHaveCount(0);
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(states).toEqual(['ended', 'live']);
});

for (const [what, event] of [
  ['unplugged', 'ended'],
  ['gone without an event, as in Firefox', undefined],
] as const) {
  test(`a microphone ${what} in the middle loses no words, and can be started again`, async ({ page, device }) => {
    await page.addInitScript(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = async (constraints) => {
        const stream = await open(constraints);
        Object.assign(window, { track: stream.getAudioTracks()[0] });
        return stream;
      };
    });
    const { family, first } = DICTATION[device];
    await openPage(page, device, family ? [checkpoint(family)] : []);
    const button = page.getByRole('button', { name: 'Dictate' });
    await button.click();
    const said = page.locator('.dictated sotto-transcript-view').first();
    await expect(said).toContainText(first);
    const before = ((await said.locator('[part=settled]').textContent()) ?? '').trim();
    await page.evaluate((type) => {
      const { track } = window as unknown as { track: MediaStreamTrack };
      track.stop(); // no sound any more, as when the plug is pulled; by itself this sends no event
      if (type) track.dispatchEvent(new Event(type));
    }, event);

    const problem = page.locator('.problem[data-code=microphone]');
    await expect(problem).toContainText('What was heard until then is kept; start the microphone again to go on.');
    await expect(page.getByRole('button', { name: 'Copy text' })).toBeVisible();
    const kept = ((await said.locator('[part=settled]').textContent()) ?? '').trim();
    expect(kept).toMatch(first);
    expect(kept.startsWith(before)).toBe(true);

    await button.click();
    await expect(button).toHaveAttribute('aria-pressed', 'true');
    await expect(problem).toHaveCount(0);
    await expect(page.locator('.dictated')).toHaveCount(2);
    await expect(page.locator('.dictated').nth(1)).toContainText(kept);
  });
}
