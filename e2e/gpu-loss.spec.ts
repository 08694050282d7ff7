/** The browser's GPU process dies in the middle of a transcription: the words come all the same, from WASM, and the report says so. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { WRITTEN, checkpoint, clip, test } from './support/page.ts';
import { serveLibrary } from './support/library.ts';

test('a lost GPU costs time, never words', async ({ page, browser }) => {
  await using library = await serveLibrary();
  await page.goto(library.url);
  const archive = [...(await readFile(checkpoint('fastconformer-tdt-bpe')))];
  const wav = [...(await readFile(clip('morning')))];
  const transcribing = page.evaluate(
    async ([archive, wav]) => {
      const { ASRModel } = await import(`${location.origin}/index.js`);
      const model = await ASRModel.restoreFrom(new File([new Uint8Array(archive)], 'tiny.nemo'), { device: 'webgpu' });
      const started = model.report.device;
      console.log('transcribing');
      const [first] = await model.transcribe(new Blob([new Uint8Array(wav)]));
      const [second] = await model.transcribe(new Blob([new Uint8Array(wav)]));
      const { device, reason, requested } = model.report;
      await model[Symbol.asyncDispose]();
      return { started, first: first.text, second: second.text, device, reason, requested };
    },
    [archive, wav] as const,
  );
  await page.waitForEvent('console', (message) => message.text() === 'transcribing');
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess').catch(() => undefined); // the answer dies with the process

  expect(await transcribing).toEqual({
    started: 'webgpu',
    requested: 'webgpu',
    first: WRITTEN.morning,
    second: WRITTEN.morning,
    device: 'wasm',
    reason: expect.stringContaining('The graphics card'),
  });
});
