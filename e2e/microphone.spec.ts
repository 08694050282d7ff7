/** Dictation on the page, with a WAV file for a microphone. */
import { expect } from '@playwright/test';
import { HEARD, checkpoint, give, openPage, test } from './support/page.ts';

test('words appear while speaking and settle after stop', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-streaming-hybrid')]);
  await expect(page.locator(`sotto-model-panel [data-device=${device}]`)).toBeVisible();

  const button = page.getByRole('button', { name: 'Dictate' });
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const text = page.locator('.dictated sotto-transcript-view');
  await expect(text).toContainText(HEARD.first);
  await expect(text).toContainText(HEARD.last);
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByRole('button', { name: 'Copy text' })).toBeVisible();
  await expect(text.locator('[part=draft]')).toHaveCount(0);
  await expect(text.locator('[part=settled]')).toContainText(HEARD.last);
});

test('what is said while the model loads is not lost', async ({ page, device }) => {
  await openPage(page, device);
  await give(page, [checkpoint('fastconformer-streaming-hybrid')]);
  await page.getByRole('button', { name: 'Dictate' }).click(); // at once: the model is still opening
  await expect(page.locator('.dictated sotto-transcript-view')).toContainText(HEARD.first);
});

test('a cancelled dictation leaves nothing', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-streaming-hybrid')]);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('.dictated')).toBeVisible();
  await page.locator('sotto-dictation-panel').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.dictated')).toHaveCount(0);
});

test('a refused microphone is told with what to do, and files still work', async ({ page, device }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  });
  await openPage(page, device);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('.problem[data-code=microphone]')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Choose recordings' })).toBeEnabled();
});
