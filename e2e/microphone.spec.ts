/** Dictation on the page, with a WAV file for a microphone. */
import { expect } from '@playwright/test';
import { DICTATION, checkpoint, openPage, test } from './support/page.ts';

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

test('a refused microphone is told with what to do, and files still work', async ({ page, device }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  });
  await openPage(page, device);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('.problem[data-code=microphone]')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Choose recordings' })).toBeEnabled();
});
