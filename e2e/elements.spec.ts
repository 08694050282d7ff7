/** The elements as a page's author sets them up: hotkey, silence, drafts in the field, forms, a strict policy. */
import { join } from 'node:path';
import { type Locator, type Page, expect } from '@playwright/test';
import { DICTATION, clip, test } from './support/page.ts';
import { type StaticServer, serve } from './support/static-server.ts';

// What is tried here is the page's side; one device is enough, and only WASM hears a microphone well in software.
test.beforeEach(({ device }) =>
  test.skip(device === 'webgpu', 'the elements differ by device only in the engine, see embed.spec.ts'),
);

const { first, last } = DICTATION.wasm;
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** A page with the library beside it and a policy that allows nothing more than it needs. */
function hostPage(body: string): Promise<StaticServer> {
  return serve({
    folder: join(import.meta.dirname, '../dist/lib'),
    prefix: '/sotto/',
    pages: {
      '/': `<!doctype html><html lang="en"><title>Host</title><h1>Somebody’s page</h1>${body}<script type="module" src="/sotto/embed.js"></script>`,
    },
    headers: { 'Content-Security-Policy': POLICY },
  });
}

/** Opens the page; every breach of its policy ends up in the array. */
async function open(page: Page, host: StaticServer): Promise<string[]> {
  const breaches: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) breaches.push(message.text());
  });
  await page.goto(host.url);
  await page.waitForFunction(() => customElements.get('sotto-dictation') && customElements.get('sotto-transcriber'));
  return breaches;
}

function pressed(page: Page): Locator {
  return page.locator('sotto-dictation button[aria-pressed=true]');
}

test('a tapped chord switches dictation on and off, a held one ends with its release; one undo takes back what was said, not what was typed', async ({
  page,
}) => {
  await using host = await hostPage(
    '<textarea id="note"></textarea> <sotto-dictation for="note" hotkey="Control+Shift+Y" announce="phrases"></sotto-dictation>',
  );
  const breaches = await open(page, host);
  const note = page.locator('#note');
  await note.focus();
  await page.keyboard.type('Typed before');
  const element = page.locator('sotto-dictation');
  await element.evaluate((dictation) => dictation.setAttribute('mode', 'toggle')); // a tap may last long on a busy machine
  await page.keyboard.press('Control+Shift+Y');
  await expect(pressed(page)).toHaveAttribute('aria-keyshortcuts', 'Control+Shift+Y');
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(last);
  await page.keyboard.press('Control+Shift+Y');
  await expect(note).toHaveValue(new RegExp(`^Typed before .*${last.source}`, 'is'));
  await expect(page.locator('sotto-dictation [aria-live]')).toContainText('Stopped');
  await page.keyboard.press('Control+z'); // one breath, one phrase
  await expect(note).toHaveValue('Typed before');

  await page.keyboard.down('Control');
  await page.keyboard.down('F8');
  await page.keyboard.up('F8');
  await page.keyboard.up('Control');
  await expect(pressed(page)).toHaveCount(0); // another chord

  await element.evaluate((dictation) => dictation.removeAttribute('mode'));
  await page.waitForTimeout(400); // sooner, it would count as a worn switch that presses twice
  await page.keyboard.down('Control');
  await page.keyboard.down('Shift');
  await page.keyboard.down('Y');
  await expect(pressed(page)).toBeVisible();
  await page.waitForTimeout(400); // a hold, not a tap
  await page.keyboard.up('Shift');
  await expect(pressed(page)).toHaveCount(0);
  await page.keyboard.up('Y');
  await page.keyboard.up('Control');
  expect(breaches).toEqual([]);
});

test('auto-stop ends a tapped dictation after its silence, with its words written', async ({ page }) => {
  await using host = await hostPage(
    '<input id="note"> <sotto-dictation for="note" mode="toggle" auto-stop="3"></sotto-dictation>',
  );
  await open(page, host);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(pressed(page)).toBeVisible();
  await expect(pressed(page)).toHaveCount(0);
  await expect(page.locator('#note')).toHaveValue(last);
});

test('an inline draft stands in the field while it is said, and leaves one step of undo a phrase', async ({ page }) => {
  await using host = await hostPage(
    '<textarea id="note">Before </textarea> <sotto-dictation for="note" mode="toggle" draft="inline" phrase-pause="1500"></sotto-dictation>',
  );
  await open(page, host);
  await page.evaluate(() => {
    const note = document.querySelector('textarea') as HTMLTextAreaElement;
    note.focus();
    note.setSelectionRange(7, 7);
    const commits: string[] = [];
    document.addEventListener('sotto-commit', (event) => commits.push((event as CustomEvent).detail.text));
    const drafts: string[] = [];
    note.addEventListener('input', () => commits.length === 0 && drafts.push(note.value));
    Object.assign(window, { commits, drafts });
  });
  const note = page.locator('#note');
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(note).toHaveValue(first); // before anything is settled
  await expect(note).toHaveValue(last);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('sotto-dictation [aria-live]')).toContainText('Stopped');
  const { commits, drafts } = await page.evaluate(() => {
    const { commits, drafts } = window as unknown as { commits: string[]; drafts: string[] };
    return { commits, drafts };
  });
  expect(drafts.length).toBeGreaterThan(0);
  await expect(note).toHaveValue(`Before ${commits.join(' ')}`); // no draft is left over
  for (const _ of commits) await page.keyboard.press('Control+z');
  await expect(note).toHaveValue('Before ');
});

test('with a name the element is a field of its form: required, sent with its last words, reset, disabled by a fieldset', async ({
  page,
}) => {
  await using host = await hostPage(
    '<form><fieldset><label>Note <sotto-dictation name="note" mode="toggle" required></sotto-dictation></label></fieldset><button id="send">Send</button></form>',
  );
  await open(page, host);
  await page.evaluate(() => {
    const sent: unknown[] = [];
    document.querySelector('form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      sent.push(new FormData(event.target as HTMLFormElement).get('note'));
    });
    Object.assign(window, { sent });
  });
  const sent = (): Promise<string[]> => page.evaluate(() => (window as unknown as { sent: string[] }).sent);
  const element = page.locator('sotto-dictation');
  await page.locator('#send').click();
  expect(await sent()).toEqual([]); // required, and empty
  expect(await element.evaluate((field) => (field as HTMLInputElement).validity.valueMissing)).toBe(true);
  await expect(page.getByRole('button', { name: 'Dictate' })).toBeFocused();

  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(last);
  await page.evaluate(() => ((document.querySelector('form') as HTMLFormElement).noValidate = true));
  await page.locator('#send').click(); // in the middle of the session: it waits for the words
  await expect.poll(sent).toHaveLength(1);
  expect((await sent())[0]).toMatch(last);
  await expect(pressed(page)).toHaveCount(0);
  await page.waitForTimeout(1500);
  expect(await sent()).toHaveLength(1);

  expect(await element.evaluate((field) => (field as HTMLInputElement).form?.elements.length)).toBe(3);
  await page.evaluate(() => document.querySelector('form')?.reset());
  expect(await element.evaluate((field) => (field as HTMLInputElement).value)).toBe('');
  await page.evaluate(() => {
    (document.querySelector('fieldset') as HTMLFieldSetElement).disabled = true;
  });
  await expect(page.locator('sotto-dictation button')).toBeDisabled();
});

test('both elements work under a policy that allows nothing inline, and can be styled from outside', async ({
  page,
}) => {
  await using host = await hostPage(
    '<sotto-transcriber></sotto-transcriber><input id="note"><sotto-dictation for="note"></sotto-dictation>',
  );
  const breaches = await open(page, host);
  await page.locator('sotto-transcriber input[type=file]').setInputFiles(clip('morning'));
  await expect(page.locator('sotto-transcriber [data-status=done]')).toBeVisible();
  await expect(page.locator('sotto-transcriber sotto-transcript-view .text')).toContainText(/\w/);
  await page.getByRole('button', { name: 'Dictate' }).click();
  await expect(page.locator('sotto-dictation [part=overlay] p')).toContainText(first);
  expect(breaches).toEqual([]);
  // Parts of the cards reach the page's own sheet.
  const colour = await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('sotto-transcriber::part(settled) { color: rgb(1, 2, 3) }');
    document.adoptedStyleSheets = [sheet];
    const card = document.querySelector('sotto-transcriber')?.shadowRoot?.querySelector('sotto-job-card');
    const view = card?.shadowRoot?.querySelector('sotto-transcript-view');
    return getComputedStyle(view?.shadowRoot?.querySelector('[part=settled]') as Element).color;
  });
  expect(colour).toBe('rgb(1, 2, 3)');
});

test('a transcriber keeps its recordings where it is moved to; another checkpoint in its attribute counts from the next one on', async ({
  page,
}) => {
  await using host = await hostPage(
    '<div id="here"></div><sotto-transcriber checkpoint="/sotto/nowhere.nemo"></sotto-transcriber>',
  );
  await open(page, host);
  const element = page.locator('sotto-transcriber');
  await element.locator('input').setInputFiles(clip('forty'));
  await expect(element.locator('[data-status=failed]')).toBeVisible();
  await element.evaluate((moved) => {
    moved.removeAttribute('checkpoint');
    document.querySelector('#here')?.append(moved);
  });
  await expect(element.locator('[data-status=failed]')).toBeVisible();
  await element.getByRole('button', { name: 'Try again' }).click();
  await expect(element.locator('[data-status=done]')).toBeVisible();
});
