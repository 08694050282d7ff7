/** Checkpoints from a hub, in a browser: size said before, a cut line resumed, the second visit without a download, gone when cancelled. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { HubServer } from './support/hub-server.ts';
import { WRITTEN, checkpoint, clip, test } from './support/page.ts';
import { serveLibrary } from './support/library.ts';
import type { StaticServer } from './support/static-server.ts';

const REPOSITORY = 'somebody/tiny-tdt';

let library: StaticServer;
let hub: HubServer;

test.beforeEach(async () => {
  library = await serveLibrary();
  hub = await HubServer.start();
  hub.publish({ name: REPOSITORY, files: { 'tiny-tdt.nemo': await readFile(checkpoint('fastconformer-tdt-bpe')) } });
});

test.afterEach(async () => {
  await hub.close();
  await library[Symbol.asyncDispose]();
});

test('fromPretrained finds the .nemo of a repository, survives a cut and does not download twice', async ({
  page,
  device,
}) => {
  hub.storage.failWith({ kind: 'cut', afterBytes: 200_000 });
  await page.goto(library.url);
  const wav = [...(await readFile(clip('morning')))];
  const run = () =>
    page.evaluate(
      async ([name, hubUrl, wav, device]) => {
        const { ASRModel } = await import(`${location.origin}/index.js`);
        const downloads: { loadedBytes: number; totalBytes?: number }[] = [];
        const model = await ASRModel.fromPretrained(name, {
          hubUrl,
          device,
          onProgress: (progress: { phase: string }) => {
            if (progress.phase === 'download') downloads.push(progress as never);
          },
        });
        const [hypothesis] = await model.transcribe(new Blob([new Uint8Array(wav)]));
        const { device: ran, fromCache } = model.report;
        await model[Symbol.asyncDispose]();
        return { text: hypothesis.text, ran, fromCache, first: downloads[0], last: downloads.at(-1) };
      },
      [REPOSITORY, hub.url, wav, device] as const,
    );

  const first = await run();
  const size = (await readFile(checkpoint('fastconformer-tdt-bpe'))).length;
  expect(first).toMatchObject({ text: WRITTEN.morning, ran: device, fromCache: false });
  expect(first.first?.totalBytes).toBe(size);
  expect(first.last?.loadedBytes).toBe(size);

  const blobs = () =>
    hub.requests.filter((request) => request.path.startsWith('/blobs/') && request.method === 'GET').length;
  const before = blobs();
  await page.reload();
  expect(await run()).toMatchObject({ text: WRITTEN.morning, ran: device, fromCache: true });
  expect(blobs()).toBe(before);
});

test('a cancelled download ends at once and can be taken up again; an unknown name says what to do', async ({
  page,
}) => {
  hub.storage.failWith({ kind: 'slow', bytesPerSecond: 50_000 });
  await page.goto(library.url);
  const outcome = await page.evaluate(
    async ([name, hubUrl]) => {
      const { ASRModel } = await import(`${location.origin}/index.js`);
      const stop = new AbortController();
      const onProgress = (progress: { phase: string; loadedBytes?: number }) => {
        if ((progress.loadedBytes ?? 0) > 10_000) stop.abort();
      };
      const codeOf = (error: { code: string }) => error.code;
      const cancelled = await ASRModel.fromPretrained(name, {
        hubUrl,
        device: 'wasm',
        signal: stop.signal,
        onProgress,
      }).catch(codeOf);
      const unknown = await ASRModel.fromPretrained('somebody/nothing', { hubUrl, device: 'wasm' }).catch(codeOf);
      const again = await ASRModel.fromPretrained(name, { hubUrl, device: 'wasm' });
      const { className } = again.info;
      await again[Symbol.asyncDispose]();
      return { cancelled, unknown, className };
    },
    [REPOSITORY, hub.url] as const,
  );
  expect(outcome).toEqual({ cancelled: 'cancelled', unknown: 'checkpoint-not-found', className: 'EncDecRNNTBPEModel' });
});
