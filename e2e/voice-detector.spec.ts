/** A voice detector that a page has open helps its recognizer, in the recognizer's own worker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { DICTATION, SPOKEN, checkpoint, clip, test } from './support/page.ts';
import { serveLibrary } from './support/library.ts';
import { serve } from './support/static-server.ts';

test('transcribe and stream take an opened detector, or its file', async ({ page, device }) => {
  test.skip(device !== 'wasm', 'the detector follows the recognizer to its device: one device shows it');
  await using library = await serveLibrary();
  await page.goto(library.url);
  const [recognizer, detector, wav] = await Promise.all(
    [checkpoint('fastconformer-ctc-bpe'), checkpoint('marblenet-frame-vad'), clip('morning')].map(async (path) => [
      ...(await readFile(path)),
    ]),
  );
  const answers = await page.evaluate(
    async ([recognizer, detector, wav]) => {
      const { ASRModel, EncDecFrameClassificationModel } = await import(`${location.origin}/index.js`);
      const file = (bytes: number[], name: string): File => new File([new Uint8Array(bytes)], name);
      const voices = file(detector!, 'vad.nemo');
      const model = await ASRModel.restoreFrom(file(recognizer!, 'tiny.nemo'), { device: 'wasm' });
      const opened = await EncDecFrameClassificationModel.restoreFrom(voices, { device: 'wasm' });
      const sound = new Blob([new Uint8Array(wav!)]);
      const texts: string[] = [];
      for (const checkpoint of [opened, voices]) {
        const [heard] = await model.transcribe(sound, { long: 'pauses', vad: { checkpoint, minDurationOn: 0.1 } });
        texts.push(heard.text);
      }
      const silence = await model.transcribe(new Float32Array(32_000), {
        long: 'pauses',
        vad: { checkpoint: opened, minDurationOn: 0.4 },
      });
      const stream = model.stream({ vad: { checkpoint: opened, minDurationOn: 0.4 } });
      await stream.push(new Float32Array(48_000));
      const { text } = await stream.finish();
      const refused = await model
        .transcribe(sound, { vad: { checkpoint: model } })
        .catch((error: Error) => error.message);
      await model[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
      return { texts, silence: silence[0].text, streamed: text, refused };
    },
    [recognizer, detector, wav] as const,
  );
  expect(answers).toEqual({
    texts: [SPOKEN.morning, SPOKEN.morning],
    silence: '',
    streamed: '',
    refused: expect.stringContaining('EncDecCTCModelBPE'),
  });
});

const headers = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Range, Content-Length, ETag',
};

test('<sotto-dictation vad="…"> listens with it, and says so when it is no voice detector', async ({
  page,
  device,
}) => {
  test.skip(device !== 'wasm', 'the detector follows the recognizer to its device: one device shows it');
  await using library = await serve({ folder: join(import.meta.dirname, '../dist/lib'), headers });
  await using models = await serve({ folder: join(import.meta.dirname, 'fixtures/families'), headers });
  const element = (vad: string): string =>
    `<!doctype html><title>somebody’s page</title><script type="module" src="${library.url}/embed.js"></script>
     <textarea id="note"></textarea> <sotto-dictation for="note" device="wasm"
     checkpoint="${models.url}/fastconformer-ctc-bpe/model.nemo" vad="${models.url}/${vad}/model.nemo"></sotto-dictation>`;
  const names = ['quartznet-ctc-char', 'marblenet-frame-vad'];
  await using host = await serve({ pages: Object.fromEntries(names.map((name) => [`/${name}`, element(name)])) });
  const dictate = async (vad: string): Promise<void> => {
    await page.goto(`${host.url}/${vad}`);
    await page.evaluate(() =>
      document.addEventListener('sotto-error', (event) => {
        document.title = (event as CustomEvent).detail.code;
      }),
    );
    await page.getByRole('button', { name: 'Dictate' }).click();
  };
  await dictate('quartznet-ctc-char');
  await expect(page).toHaveTitle('unsupported-option');
  await dictate('marblenet-frame-vad');
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(/\p{L}{3}/u);
});

test('with a detector the built-in model writes what was said in the pause behind it, the last word too', async ({
  page,
  device,
}) => {
  test.skip(device !== 'wasm', 'the built-in model is too slow for software graphics');
  test.slow(); // two models are opened, over a network
  await using library = await serve({ folder: join(import.meta.dirname, '../dist/lib'), headers });
  await using models = await serve({ folder: join(import.meta.dirname, 'fixtures/families'), headers });
  await using host = await serve({
    pages: {
      '/': `<!doctype html><title>somebody’s page</title><script type="module" src="${library.url}/embed.js"></script>
        <textarea id="note"></textarea> <sotto-dictation for="note" device="wasm"
        vad="${models.url}/marblenet-frame-vad/model.nemo"></sotto-dictation>`,
    },
  });
  await page.goto(host.url);
  await page.getByRole('button', { name: 'Dictate' }).click();
  // Nobody stops it: silence follows the clip, and without a detector its last word would stay a draft.
  await expect(page.locator('#note')).toHaveValue(DICTATION.wasm.last, { timeout: 180_000 });
  await expect(page.locator('sotto-dictation').getByRole('button').first()).toHaveAttribute('aria-pressed', 'true');
});
