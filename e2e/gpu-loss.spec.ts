/** The browser's GPU process dies in the middle of a transcription: the words come all the same, from WASM, and the report says so. */
import { readFile } from 'node:fs/promises';
import { type Browser, expect } from '@playwright/test';
import { WRITTEN, checkpoint, clip, test as shared } from './support/page.ts';
import { serveLibrary } from './support/library.ts';

/** A browser that has lost its GPU now and then gives none to the tests behind this one: each test has its own. */
const test = shared.extend<{ own: Browser }>({
  own: async ({ playwright }, use, { project }) => {
    const browser = await playwright.chromium.launch(project.use.launchOptions);
    await use(browser);
    await browser.close();
  },
});

test('a lost GPU costs time, never words', async ({ own: browser }) => {
  const page = await browser.newPage();
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

for (const decoderType of ['ctc', 'rnnt'] as const) {
  test(`a lost GPU does not end a dictation with ${decoderType}: what was written stays, and more comes`, async ({
    own: browser,
  }) => {
    const page = await browser.newPage();
    await using library = await serveLibrary();
    await page.goto(library.url);
    const archive = [...(await readFile(checkpoint('fastconformer-streaming-hybrid')))];
    const wav = [...(await readFile(clip('morning')))];
    const dictating = page.evaluate(
      async ([archive, wav, decoderType]) => {
        const { ASRModel } = await import(`${location.origin}/index.js`);
        const model = await ASRModel.restoreFrom(new File([new Uint8Array(archive)], 'tiny.nemo'), {
          device: 'webgpu',
        });
        await model.changeDecodingStrategy(undefined, { decoderType });
        const started = model.report.device;
        const bytes = new Uint8Array(wav);
        const samples = Float32Array.from(new Int16Array(bytes.buffer, 44), (value) => value / 32768);
        const stream = model.stream();
        let latest = '';
        const reading = (async () => {
          for await (const { committed } of stream) latest = committed;
        })();
        const say = async (): Promise<void> => {
          for (let from = 0; from < samples.length; from += 1600) await stream.push(samples.slice(from, from + 1600));
        };
        await say();
        console.log('dictating');
        while (!('isGpuGone' in globalThis)) await say();
        const before = latest;
        for (let turn = 0; turn < 3; turn++) await say();
        const { text } = await stream.finish();
        await reading;
        const { device, reason } = model.report;
        await model[Symbol.asyncDispose]();
        return { started, device, reason, text, before };
      },
      [archive, wav, decoderType] as const,
    );
    await page.waitForEvent('console', (message) => message.text() === 'dictating');
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess').catch(() => undefined);
    await page.evaluate(() => Object.assign(globalThis, { isGpuGone: true }));

    const { text, before, ...report } = await dictating;
    expect(report).toEqual({ started: 'webgpu', device: 'wasm', reason: expect.stringContaining('The graphics card') });
    expect(text.startsWith(before.trimEnd())).toBe(true);
    expect(text.length).toBeGreaterThan(before.length);
  });
}
