/**
 * The page of `npm start` from the first visit on, in light and dark, wide and narrow: what is dropped and what is said becomes text, nothing sticks out,
 * everything can be reached with the keyboard and read. Screenshots of every step lie in `test-results`.
 */
import { type Page, expect } from '@playwright/test';
import { WRITTEN, card, checkpoint, clip, drop, give, media, openPage, test, textOf } from './support/page.ts';

const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } };

// SwiftShader would show the same page, later.
test.beforeEach(({ device }) => test.skip(device === 'webgpu', 'the page looks the same on every device'));

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${size} and ${colorScheme}`, () => {
      test.use({ viewport, colorScheme, contextOptions: { reducedMotion: 'reduce' } });

      test('speak, then drop, then read; nothing sticks out, and everything can be read', async ({
        page,
        device,
      }, info) => {
        const show = async (step: string): Promise<void> => {
          expect(await overflow(page), step).toEqual([]);
          expect(await illegible(page), step).toEqual([]);
          await page.screenshot({ path: info.outputPath(`${step}.png`), fullPage: true });
        };
        await openPage(page, device);
        await show('1-first-visit');

        const button = page.getByRole('button', { name: 'Dictate' });
        await button.click();
        await expect(page.locator('.dictated sotto-transcript-view')).toContainText(/\p{L}{3}/u);
        await show('2-listening');
        await button.click();
        await expect(page.getByRole('button', { name: 'Copy text' })).toBeVisible();
        await show('3-dictated');

        await give(page, [checkpoint('fastconformer-tdt-bpe')]);
        await drop(page, [clip('morning'), media('video.mp4'), media('ac3.mkv'), clip('river')]);
        for (const name of ['morning.wav', 'video.mp4', 'river.wav'])
          await expect(card(page, name).locator('[data-status=done]')).toBeVisible();
        await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
        await expect(card(page, 'ac3.mkv').locator('.problem')).toBeVisible();
        await show('4-recordings');

        await page.getByRole('button', { name: 'Change model' }).click();
        await expect(page.locator('sotto-model-panel li[data-stored]')).toHaveCount(1);
        await show('5-models');
      });
    });
  }
}

test('with the keyboard alone: dictate, stop, copy, open the models, choose one', async ({ page, device }) => {
  await openPage(page, device);
  const seen: string[] = [];
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let step = 0; step < 30; step++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
        const outline = active ? getComputedStyle(active).outlineStyle : 'none';
        return { name: active?.getAttribute('aria-label') || active?.textContent?.trim() || '', outline };
      });
      seen.push(focused.name);
      if (!name.test(focused.name)) continue;
      expect(focused.outline, `${focused.name} shows that it has the focus`).not.toBe('none');
      return;
    }
    throw new Error(`${name} was not reached: ${seen.join(', ')}`);
  };
  await tabTo(/^Dictate$/);
  await page.keyboard.press('Space');
  await expect(page.locator('.dictated sotto-transcript-view')).toContainText(/\p{L}{3}/u);
  await expect(page.getByRole('button', { name: 'Dictate' })).toBeFocused(); // nothing takes the focus away
  await page.keyboard.press('Space');
  await expect(page.locator('sotto-page [aria-live=polite]').last()).toContainText(/^Stopped, \d+ words?\.$/);
  await tabTo(/^Choose recordings$/);
  await tabTo(/^Change model$/);
  await page.keyboard.press('Enter');
  await tabTo(/^Choose a .nemo file$/);
  await tabTo(/^Look it up$/);
  await tabTo(/^Copy text$/);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Copied')).toBeVisible();
});

/** Texts and boxes that are wider than the page. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide: string[] = [];
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) visit(element.shadowRoot);
        const { right, width } = element.getBoundingClientRect();
        const isHidden = element.closest('.hidden-text') !== null;
        if (width > 0 && !isHidden && right > innerWidth + 1) wide.push(`${element.tagName} .${element.className}`);
      }
    };
    visit(document);
    return wide;
  });
}

/** Text whose contrast with what is behind it is under WCAG AA: 4.5, or 3 for large text. */
function illegible(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    if (!canvas) throw new Error('no canvas');
    const rgba = (colour: string): number[] => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour: readonly number[]): number => {
      const [red = 0, green = 0, blue = 0] = colour.map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element): number[] => {
      for (let node: Node | null = element; node; node = node.parentNode ?? (node as ShadowRoot).host ?? null) {
        if (!(node instanceof Element)) continue;
        const colour = rgba(getComputedStyle(node).backgroundColor);
        if ((colour[3] ?? 0) > 0) return colour;
      }
      return rgba('white');
    };
    const poor: string[] = [];
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) visit(element.shadowRoot);
        const hasText = [...element.childNodes].some(
          (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
        );
        const style = getComputedStyle(element);
        if (
          !hasText ||
          element.closest('.hidden-text, style, script, title, :disabled') ||
          style.visibility === 'hidden'
        )
          continue;
        const [ink, paper] = [luminance(rgba(style.color)), luminance(behind(element))];
        const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        const isLarge = Number.parseFloat(style.fontSize) >= 24;
        if (contrast < (isLarge ? 3 : 4.5))
          poor.push(`${element.tagName} "${element.textContent?.trim().slice(0, 30)}": ${contrast.toFixed(2)}`);
      }
    };
    visit(document);
    return poor;
  });
}
