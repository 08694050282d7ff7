/** What the browser tests share: the fixtures, the page with a device forced, and readers of what it shows. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Locator, type Page, test as base } from '@playwright/test';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Tests run once a project; `device` is the one that the project is about. */
export const test = base.extend<{ device: 'wasm' | 'webgpu' }>({ device: ['wasm', { option: true }] });

/** The checkpoint of a case, overfitted on `morning`, `forty` and `river`. */
export function checkpoint(family: string): string {
  return join(FIXTURES, 'families', family, 'model.nemo');
}

/** A clip by name. */
export function clip(name: string): string {
  return join(FIXTURES, 'audio', `${name}.wav`);
}

/** A clip in another container or encoding, by file name. */
export function media(name: string): string {
  return join(FIXTURES, 'media', name);
}

/** What NeMo writes for the clips. */
export const WRITTEN = {
  morning: 'Good morning, dear listeners. Please stay with us!',
  forty: 'Number two forty?',
  river: 'The river was cold. But the sun was warm.',
} as const;

/** The same from a checkpoint without capitals and punctuation. */
export const SPOKEN = {
  morning: 'good morning dear listeners please stay with us',
  forty: 'number two forty',
} as const;

/** What dictation is tried with: a checkpoint, and what is surely heard of `morning` by it, first and last. */
export type Dictation = { readonly family: string | undefined; readonly first: RegExp; readonly last: RegExp };

/**
 * On WASM the built-in checkpoint, which understands a voice that has been through a microphone. SwiftShader is too slow for it, so on WebGPU a
 * fixture shows that words come at all: overfitted on three clips, it does not survive gain control and a start in the middle of a step.
 */
export const DICTATION: Readonly<Record<'wasm' | 'webgpu', Dictation>> = {
  wasm: { family: undefined, first: /orn|pleas/i, last: /us/i },
  webgpu: { family: 'fastconformer-streaming-hybrid', first: /\p{L}{3}/u, last: /\p{L}{3}/u },
};

/** Opens the page with its device forced and hands it files, as a drop would. */
export async function openPage(page: Page, device: 'wasm' | 'webgpu', files: readonly string[] = []): Promise<void> {
  await page.goto(`./?device=${device}`);
  await page.locator('sotto-page h1').waitFor();
  if (files.length > 0) await give(page, files);
}

/** Chooses files in the page's own dialog. */
export async function give(page: Page, files: readonly string[]): Promise<void> {
  await page.locator('sotto-page input[multiple]').setInputFiles([...files]);
}

/** Drops files on the page, as a person does from a folder. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const files = await Promise.all(
    paths.map(async (path) => ({ name: basename(path), bytes: (await readFile(path)).toString('base64') })),
  );
  const dataTransfer = await page.evaluateHandle((items) => {
    const data = new DataTransfer();
    for (const { name, bytes } of items)
      data.items.add(new File([Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0))], name));
    return data;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('sotto-page', type, { dataTransfer });
}

/** The card of one recording. */
export function card(page: Page, fileName: string): Locator {
  return page.locator('sotto-job-card').filter({ hasText: fileName });
}

/** Its text, without the times in the margin. */
export function textOf(cardOrPage: Locator): Locator {
  return cardOrPage.locator('sotto-transcript-view .text, sotto-transcript-view p:not(.timed)').first();
}

/** The name of the device that ran, as the page names it. */
export function shown(device: 'wasm' | 'webgpu'): string {
  return device === 'webgpu' ? 'the graphics card' : 'the processor';
}
