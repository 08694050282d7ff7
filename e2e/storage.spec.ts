/** What stays in the browser: a model opens again without network and without converting; nothing stays that should not. */
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { SPOKEN, WRITTEN, card, checkpoint, clip, give, openPage, test, textOf } from './support/page.ts';
import { serve } from './support/static-server.ts';

test('a model opened once opens again from the list, and can be deleted', async ({ page, device }) => {
  await openPage(page, device, [checkpoint('fastconformer-tdt-bpe'), clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(WRITTEN.forty);
  await page.reload();
  await page.getByRole('button', { name: 'Change model' }).click();
  await page.getByRole('button', { name: 'Use model.nemo' }).click();
  await expect(page.locator(`sotto-model-panel [data-device=${device}]`)).toBeVisible();
  await give(page, [clip('morning')]);
  await expect(textOf(card(page, 'morning.wav'))).toHaveText(WRITTEN.morning);
  await page.getByRole('button', { name: 'Change model' }).click();
  await page.getByRole('button', { name: 'Delete model.nemo' }).click();
  await expect(page.locator('sotto-model-panel li[data-stored]')).toHaveCount(0);
});

test('a stored copy that the disk changed is fetched anew', async ({ page, device }) => {
  const transcribe = async (): Promise<string | null> => {
    await give(page, [clip('forty')]);
    await expect(card(page, 'forty.wav').locator('[data-status=done]')).toBeVisible();
    return textOf(card(page, 'forty.wav')).textContent();
  };
  await openPage(page, device);
  const text = await transcribe();
  await page.evaluate(changeLargestPart);
  const again = page.waitForResponse(/sotto-tiny-en\.nemo$/);
  await page.reload();
  expect(await transcribe()).toBe(text);
  await again;
});

/** One byte of the stored weights. */
async function changeLargestPart(): Promise<void> {
  const answer = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await answer(indexedDB.open('sotto'));
  const parts = (): IDBObjectStore => database.transaction('parts', 'readwrite').objectStore('parts');
  let largest = { key: '', bytes: new Uint8Array(0) };
  for (const key of await answer(parts().getAllKeys())) {
    const value: unknown = await answer(parts().get(key));
    if (String(key).startsWith('part/') && value instanceof ArrayBuffer && value.byteLength > largest.bytes.length)
      largest = { key: String(key), bytes: new Uint8Array(value) };
  }
  new DataView(largest.bytes.buffer).setUint8(
    largest.bytes.length >> 1,
    255 ^ (largest.bytes.at(largest.bytes.length >> 1) ?? 0),
  );
  await answer(parts().put(largest.bytes.buffer, largest.key));
  database.close();
}

test.describe('without a network', () => {
  test.use({ serviceWorkers: 'allow' });

  test('the page and its model open again', async ({ page, context, device }) => {
    await openPage(page, device);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload(); // now under the service worker, which keeps what is loaded
    await give(page, [clip('forty')]);
    await expect(card(page, 'forty.wav').locator('[data-status=done]')).toBeVisible();
    const text = await textOf(card(page, 'forty.wav')).textContent();

    await context.setOffline(true);
    await page.reload();
    await give(page, [clip('forty')]);
    await expect(card(page, 'forty.wav').locator('[data-status=done]')).toBeVisible();
    expect(await textOf(card(page, 'forty.wav')).textContent()).toBe(text);
  });

  test('files of an older version go once the new one is complete', async ({ page, context, device }) => {
    await openPage(page, device);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      const cache = await caches.open('sotto-page');
      for (const old of ['assets/index-OLD.js', './?of=old', 'ort/kept.mjs']) await cache.put(old, new Response('old'));
      await (await navigator.serviceWorker.getRegistration())?.unregister();
    });
    await page.goto('about:blank');
    await openPage(page, device); // installs it anew, as a new version would be
    const kept = (): Promise<string[]> =>
      page.evaluate(async () => {
        await navigator.serviceWorker.ready;
        const keys = await (await caches.open('sotto-page')).keys();
        return keys.map(({ url }) => url.slice(location.origin.length));
      });
    await expect.poll(async () => (await kept()).filter((url) => /old/i.test(url))).toEqual([]);
    expect(await kept()).toEqual(
      expect.arrayContaining(['/', '/ort/kept.mjs', expect.stringMatching(/asr\.worker-.*\.js$/)]),
    );

    await context.setOffline(true);
    await page.reload();
    await expect(page.locator('sotto-page h1')).toBeVisible();
  });

  test('a full disk keeps nobody from the page', async ({ page, context, device }) => {
    await openPage(page, device);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const session = await context.newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await page.reload();
    await expect(page.locator('sotto-page h1')).toBeVisible();
    expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
  });
});

test('from a sub-path, without any header, the page works the same', async ({ page, device }) => {
  await using server = await serve({ folder: join(import.meta.dirname, '../dist/page'), prefix: '/some/where/' });
  await page.goto(`${server.url}/some/where/?device=${device}`);
  await give(page, [checkpoint('fastconformer-ctc-bpe'), clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
});

test('isolated by COOP and COEP, the page works the same', async ({ page, device }) => {
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  await using server = await serve({ folder: join(import.meta.dirname, '../dist/page'), headers });
  await page.goto(`${server.url}/?device=${device}`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await give(page, [checkpoint('fastconformer-ctc-bpe'), clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
});

test('models opened one after another do not add up in memory', async ({ page, device, browser }) => {
  test.slow();
  await openPage(page, device);
  const session = await browser.newBrowserCDPSession();
  const openBoth = async (): Promise<void> => {
    for (const [family, text] of [
      ['fastconformer-tdt-bpe', WRITTEN.forty],
      ['fastconformer-ctc-bpe', SPOKEN.forty],
    ] as const) {
      await give(page, [checkpoint(family), clip('forty')]);
      await expect(textOf(card(page, 'forty.wav'))).toHaveText(text);
      await page.getByRole('button', { name: 'Remove forty.wav' }).click();
    }
  };
  await openBoth();
  const before = await numWorkers();
  for (let round = 0; round < 3; round++) await openBoth();
  expect(await numWorkers()).toBe(before);

  /** Every model lives in a worker of its own, heap and all: as many workers as models means that none was left behind. */
  async function numWorkers(): Promise<number> {
    await expect.poll(() => page.workers().length).toBeLessThanOrEqual(1);
    const { targetInfos } = await session.send('Target.getTargets');
    return targetInfos.filter(({ type }) => type === 'worker').length + page.workers().length;
  }
});
