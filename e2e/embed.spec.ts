/** `embed.js` from another origin on somebody else's plain page, under a policy of that page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { DICTATION, WRITTEN, clip, test } from './support/page.ts';
import { type StaticServer, serve } from './support/static-server.ts';

let library: StaticServer;
let models: StaticServer;

test.beforeAll(async () => {
  const headers = {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'Content-Range, Content-Length, ETag',
  };
  library = await serve({ folder: join(import.meta.dirname, '../dist/lib'), headers });
  models = await serve({ folder: join(import.meta.dirname, 'fixtures/families'), headers });
});

test.afterAll(async () => {
  await library[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
});

test('<sotto-transcriber> transcribes by method and by drop, and tells by events', async ({ page, device }) => {
  const address = `${models.url}/fastconformer-tdt-bpe/model.nemo`;
  await using host = await hostPage(
    `<sotto-transcriber checkpoint="${address}" device="${device}"></sotto-transcriber>`,
  );
  await page.goto(host.url);
  const bytes = [...(await readFile(clip('morning')))];
  const result = await page.evaluate(async (wav) => {
    await customElements.whenDefined('sotto-transcriber');
    const element = document.querySelector('sotto-transcriber') as HTMLElement & {
      transcribe(file: File): Promise<{ text: string }>;
    };
    const events: string[] = [];
    let transcript = '';
    let device: unknown;
    for (const type of ['sotto-state', 'sotto-progress', 'sotto-transcript'])
      document.addEventListener(type, () => events.push(type));
    document.addEventListener('sotto-transcript', (event) => {
      transcript = (event as CustomEvent).detail.hypothesis.text;
    });
    document.addEventListener('sotto-state', (event) => {
      device = (event as CustomEvent).detail.device ?? device;
    });
    const { text } = await element.transcribe(new File([new Uint8Array(wav)], 'morning.wav'));
    return { text, transcript, device, events: [...new Set(events)].sort() };
  }, bytes);
  expect(result).toEqual({
    text: WRITTEN.morning,
    transcript: WRITTEN.morning,
    device,
    events: ['sotto-progress', 'sotto-state', 'sotto-transcript'],
  });
});

test('<sotto-dictation> writes at the caret, and one undo takes it back', async ({ page, device }) => {
  await using host = await hostPage(
    `<textarea id="note" cols="60" rows="4">Before after</textarea> <sotto-dictation for="note" ${attributes(device)}></sotto-dictation>`,
  );
  await page.goto(host.url);
  await page.evaluate(() => {
    const seen: string[] = [];
    for (const type of ['sotto-state', 'sotto-draft', 'sotto-commit', 'sotto-utterance-end']) {
      document.addEventListener(type, (event) => seen.push(`${type}:${(event as CustomEvent).detail.to ?? ''}`));
    }
    Object.assign(window, { seen });
    const note = document.querySelector('textarea') as HTMLTextAreaElement;
    note.focus();
    note.setSelectionRange(7, 7); // before "after"
  });
  const button = page.getByRole('button', { name: 'Dictate' });
  await button.click();
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(DICTATION[device].first);
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(DICTATION[device].last);
  await button.click();
  const note = page.locator('#note');
  await expect(note).toHaveValue(/^Before .*\p{L}{3}.* after$/su);
  await expect(note).toBeFocused(); // the button never took the focus
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  for (const event of [
    'sotto-state:opening',
    'sotto-state:listening',
    'sotto-draft:',
    'sotto-commit:',
    'sotto-utterance-end:',
    'sotto-state:idle',
  ]) {
    expect(seen).toContain(event);
  }
  const numCommits = seen.filter((event) => event === 'sotto-commit:').length;
  for (let undo = 0; undo < numCommits; undo++) await page.keyboard.press('Control+z');
  await expect(note).toHaveValue('Before after');
});

test('a cancelled sotto-commit leaves the field to the page', async ({ page, device }) => {
  await using host = await hostPage(
    `<input id="note"> <sotto-dictation for="note" ${attributes(device)}></sotto-dictation><output></output>`,
  );
  await page.goto(host.url);
  await page.evaluate(() => {
    document.addEventListener('sotto-commit', (event) => {
      event.preventDefault();
      (document.querySelector('output') as HTMLOutputElement).value += (event as CustomEvent).detail.text;
    });
  });
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(DICTATION[device].last);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('output')).toHaveText(DICTATION[device].last);
  await expect(page.locator('#note')).toHaveValue('');
});

test('a wrong checkpoint is told by sotto-error and in the element', async ({ page, device }) => {
  await using host = await hostPage(
    `<sotto-transcriber checkpoint="${models.url}/nothing.nemo" device="${device}"></sotto-transcriber>`,
  );
  await page.goto(host.url);
  const code = await page.evaluate(async () => {
    await customElements.whenDefined('sotto-transcriber');
    const element = document.querySelector('sotto-transcriber') as HTMLElement & {
      transcribe(file: File): Promise<unknown>;
    };
    const told = new Promise((resolve) =>
      element.addEventListener('sotto-error', (event) => resolve((event as CustomEvent).detail.code)),
    );
    const rejected = element.transcribe(new File(['x'], 'x.wav')).catch((error) => error.code);
    return [await told, await rejected];
  });
  expect(code).toEqual(['checkpoint-not-found', 'checkpoint-not-found']);
  await expect(page.locator('sotto-transcriber .problem').first()).toBeVisible();
});

/** The checkpoint and device of a dictation as attributes; on a busy machine a click may last as long as a hold. */
function attributes(device: 'wasm' | 'webgpu'): string {
  const { family } = DICTATION[device];
  return `mode="toggle" device="${device}"${family ? ` checkpoint="${models.url}/${family}/model.nemo"` : ''}`;
}

/** A plain page that knows nothing of Sotto but its script tag. */
function hostPage(body: string): Promise<StaticServer> {
  const html = `<!doctype html><title>Host</title><h1>Somebody’s page</h1>${body}<script type="module" src="${library.url}/embed.js"></script>`;
  return serve({ pages: { '/': html } });
}
