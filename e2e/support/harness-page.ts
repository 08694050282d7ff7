/** Builds the harness (`e2e/harness`), serves it and opens it in a browser: checkpoints in turn on one worker, with a look into their graphs. */
import { join } from 'node:path';
import { type Browser, type Page, test as base } from '@playwright/test';
import { build } from 'vite';
import type { Harness } from '../harness/harness.ts';
import { serve } from './static-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, '.tmp/harness');

/** The harness as seen from a test; `await using` closes page and servers. */
export type HarnessPage = AsyncDisposable & {
  readonly page: Page;
  /** Calls a function of the harness in the page. */
  call<Name extends keyof Harness>(name: Name, ...args: Parameters<Harness[Name]>): ReturnType<Harness[Name]>;
};

/** Tests of a worker process share one harness: compiling shaders is what takes time. */
export const test = base.extend<{ patience: undefined }, { harness: HarnessPage }>({
  patience: [
    async ({ harness: _ }, use, testInfo) => {
      testInfo.setTimeout(300_000); // the first test of a family compiles: on software graphics and a busy machine a shader takes seconds
      await use(undefined);
    },
    { auto: true },
  ],
  harness: [
    async ({ browser }, use) => {
      await using harness = await openHarness(browser);
      await use(harness);
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

/** Opens the harness; onnxruntime's files come from the built library. */
export async function openHarness(browser: Browser): Promise<HarnessPage> {
  await buildHarness();
  const headers = { 'Access-Control-Allow-Origin': '*' };
  const library = await serve({ folder: join(ROOT, 'dist/lib'), headers });
  const fixtures = await serve({ folder: join(ROOT, 'e2e/fixtures'), headers });
  const harness = await serve({
    folder: BUILT,
    pages: { '/': '<!doctype html><title>harness</title><script type="module" src="/harness.js"></script>' },
  });
  const page = await browser.newPage();
  await page.goto(`${harness.url}/?assets=${library.url}&fixtures=${fixtures.url}`);
  await page.waitForFunction(() => 'harness' in globalThis);
  return {
    page,
    call: (name, ...args) =>
      page.evaluate(
        ([method, given]) => {
          const { harness } = globalThis as unknown as { harness: Record<string, (...args: unknown[]) => unknown> };
          return (harness[method as string] as (...args: unknown[]) => unknown)(...(given as unknown[]));
        },
        [name, args] as const,
      ) as ReturnType<Harness[typeof name]>,
    async [Symbol.asyncDispose]() {
      await page.close();
      for (const server of [harness, fixtures, library]) await server[Symbol.asyncDispose]();
    },
  };
}

/** As the library is built, without onnxruntime's files beside it. */
async function buildHarness(): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      target: 'es2023',
      minify: false,
      rolldownOptions: {
        input: { harness: join(ROOT, 'e2e/harness/harness.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
    worker: { format: 'es' },
  });
}
