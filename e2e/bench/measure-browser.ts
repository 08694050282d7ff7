/**
 * A checkpoint's way through a browser, step by step: opened from a file, transcribing, given back, opened again from IndexedDB.
 *
 * Memory is the peak that Linux keeps for each process (`VmHWM`, set back before a step), less what it held on the empty page. The profile is
 * a real one in a temporary folder: without it Chromium keeps IndexedDB in memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, chromium } from '@playwright/test';
import { serve } from '../support/static-server.ts';
import { BrowserMemory, type ProcessName } from './browser-memory.ts';
import type { Row } from './row.ts';

export type BrowserOptions = {
  /** `dist/lib`. */
  readonly library: string;
  /** Paths of files. */
  readonly model: string;
  readonly audio: string;
  readonly device: 'wasm' | 'webgpu';
  /** As `LoadOptions` has it. */
  readonly precision: string;
  /** Chromium's. */
  readonly executablePath: string;
};

/** MiB. Whoever exceeds these has found a copy of the weights where none should be. */
const MOST_IN_BROWSER = 64;
const MOST_HELD = 128;

const PAGE = '<!doctype html><title>bench</title><input type="file" id="model"><input type="file" id="audio">';
const ARGS = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

export async function measureBrowser(options: BrowserOptions): Promise<Row[]> {
  const { library, model, audio, executablePath } = options;
  const profile = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  await using server = await serve({ folder: library, pages: { '/': PAGE } });
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ARGS });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(0); // software graphics take minutes
    await page.goto(server.url);
    await page.locator('#model').setInputFiles(model);
    await page.locator('#audio').setInputFiles(audio);
    return await measureSteps(page, options);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function measureSteps(page: Page, options: BrowserOptions): Promise<Row[]> {
  const { device } = options;
  const memory = await BrowserMemory.ofPage(page);
  const rows: Row[] = [];
  const step = async (what: string, work: () => Promise<string>): Promise<void> => {
    memory.startStep();
    const startedAt = performance.now();
    const said = await work();
    const seconds = (performance.now() - startedAt) / 1000;
    const peaks = memory.peaks();
    if (peaks.browser > MOST_IN_BROWSER) throw new Error(`the browser's own process took ${peaks.browser} MiB`);
    rows.push({ what: `${device}, ${what}`, value: seconds, unit: 's', note: `${shown(peaks)} ${said}` });
  };
  const texts: string[] = [];
  for (const from of ['a file', 'the store']) {
    await step(`opened from ${from}`, () => open(page, options, from === 'the store'));
    await step('transcribed', async () => {
      const { text, numTokens } = await transcribe(page);
      texts.push(text);
      return `${numTokens} tokens`;
    });
    await giveBack(page);
    const held = memory.held();
    if (held > MOST_HELD) throw new Error(`${held} MiB stay after the model was given back`);
    rows.push({
      what: `${device}, held once it was given back`,
      value: held,
      unit: 'MiB',
      note: 'page and GPU process',
    });
  }
  if (texts[0] !== texts[1]) throw new Error(`the stored copy says something else: ${texts.join(' / ')}`);
  return rows;
}

async function open(page: Page, { device, precision }: BrowserOptions, isStored: boolean): Promise<string> {
  const report = await page.evaluate(
    async (options) => {
      const { ASRModel } = await import(`${location.origin}/index.js`);
      const file = (document.getElementById('model') as HTMLInputElement).files?.[0];
      const model = await ASRModel.restoreFrom(file, options);
      Object.assign(globalThis, { model });
      return model.report as {
        seconds: { open: number; session: number };
        precision: string;
        fromCache: boolean;
        weightBytes: number;
      };
    },
    { device, precision },
  );
  if (report.fromCache !== isStored) throw new Error(isStored ? 'nothing was kept' : 'the profile is not empty');
  const { seconds, weightBytes } = report;
  const weights = `weights ${(weightBytes / 2 ** 20).toFixed(0)} MiB`;
  return `${report.precision}, ${weights}; files ${seconds.open.toFixed(1)} s, sessions ${seconds.session.toFixed(1)} s`;
}

function transcribe(page: Page): Promise<{ text: string; numTokens: number }> {
  return page.evaluate(async () => {
    const { model } = globalThis as unknown as {
      model: { transcribe(audio: unknown): Promise<{ text: string; ySequence: number[] }[]> };
    };
    const [hypothesis] = await model.transcribe((document.getElementById('audio') as HTMLInputElement).files?.[0]);
    return { text: hypothesis?.text ?? '', numTokens: hypothesis?.ySequence.length ?? 0 };
  });
}

async function giveBack(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await (globalThis as unknown as { model: AsyncDisposable }).model[Symbol.asyncDispose]();
  });
  await page.waitForTimeout(2000);
}

function shown(peaks: Readonly<Record<ProcessName, number>>): string {
  return `peak MiB: page +${peaks.page}, GPU process +${peaks.gpu}, browser +${peaks.browser};`;
}
