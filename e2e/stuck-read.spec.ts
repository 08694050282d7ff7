/**
 * Chromium now and then loses a byte-stream read of a Blob: it never ends (`ExternalBlob` has the numbers). Here it loses every one, and models
 * open all the same: from a file, from the store, and where nothing is kept.
 */
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { WRITTEN, checkpoint, clip, test } from './support/page.ts';
import { serve } from './support/static-server.ts';

const LOSE_READS = 'ReadableStreamBYOBReader.prototype.read = () => new Promise(() => {});\n';

test('a model opens although byte-stream reads never end', async ({ page, device }) => {
  await using library = await serve({
    folder: join(import.meta.dirname, '../dist/lib'),
    pages: {
      '/': '<!doctype html><title>somebody’s page</title><input type="file" id="model"><input type="file" id="clip">',
    },
  });
  let numWorkers = 0;
  await page.route('**/asr.worker.js', async (route) => {
    const response = await route.fetch();
    numWorkers++;
    await route.fulfill({ response, body: LOSE_READS + (await response.text()) });
  });
  await page.goto(library.url);
  await page.locator('#model').setInputFiles(checkpoint('fastconformer-tdt-bpe'));
  await page.locator('#clip').setInputFiles(clip('morning'));

  const open = (cache: boolean) =>
    page.evaluate(
      async ([device, cache]) => {
        const { ASRModel } = await import(`${location.origin}/index.js`);
        const fileOf = (id: string) => (document.getElementById(id) as HTMLInputElement).files?.[0];
        const model = await ASRModel.restoreFrom(fileOf('model'), { device, cache });
        const { device: ran, fromCache } = model.report;
        // Once is enough, and software graphics are slow.
        const text = fromCache ? (await model.transcribe(fileOf('clip')))[0].text : '';
        await model[Symbol.asyncDispose]();
        return { text, ran, fromCache };
      },
      [device, cache] as const,
    );
  expect(await open(false)).toEqual({ text: '', ran: device, fromCache: false });
  expect(await open(true)).toEqual({ text: '', ran: device, fromCache: false });
  expect(await open(true)).toEqual({ text: WRITTEN.morning, ran: device, fromCache: true });
  expect(numWorkers).toBe(3);
});
