/**
 * Sotto and its peers side by side: the same Chromium, samples, checkpoint, device and thread, in turns.
 *
 * A round is a first visit (nothing stored: fetched, kept, sessions made) and a second one that also transcribes; each visit is a page of its
 * own, and every other round begins with the other one. Numbers are of the clock in the page and of the processor time of all Chromium's
 * processes: on a machine that does something else as well, only the second means much.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type Page, chromium } from '@playwright/test';
import { type StaticServer, serve } from '../support/static-server.ts';
import { BrowserMemory } from './browser-memory.ts';
import type { Contender } from './contenders.ts';

export type PeerOptions = {
  readonly contenders: readonly Contender[];
  /** Mono at 16 kHz; the second is the longer. */
  readonly clips: readonly [Float32Array, Float32Array];
  readonly device: 'wasm' | 'webgpu';
  readonly rounds: number;
  /** Chromium's. */
  readonly executablePath: string;
};

/** What one step took. */
export type Step = {
  /** On the page's clock. */
  readonly seconds: number;
  /** Of all processes of Chromium. */
  readonly processorSeconds: number;
  /** Peak of the page's process above the empty page, MiB. */
  readonly pageMiB: number;
  /** The longest time the page could not react to anything. */
  readonly longestTaskSeconds: number;
};

export type Heard = {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Milliseconds, as the contender tells them. */
  readonly stages?: Readonly<Record<string, number>>;
};

export type Round = {
  readonly firstVisit: Step;
  readonly downloadedBytes: { readonly code: number; readonly checkpoint: number };
  readonly storedBytes: number;
  readonly secondVisit: Step;
  /** From the page's address to a text of the first clip, on the second visit. */
  readonly firstTextSeconds: number;
  /** By clip; without the very first transcription. */
  readonly transcribed: readonly (readonly Step[])[];
  readonly heard: readonly Heard[];
  /** What it says it runs on. */
  readonly said: string;
};

type PageContender = {
  open(device: string): Promise<string>;
  transcribe(samples: Float32Array): Promise<Heard>;
  /** For whoever does not tell them while it transcribes. */
  stages?(device: string, clips: readonly Float32Array[]): Promise<Readonly<Record<string, number>>[]>;
};
type ContenderPage = { readonly contender: PageContender; readonly clips: Float32Array[] };

const ARGS = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const RUNS = 2; // of every clip and round

/** Rounds of every contender, in the order of `contenders`. */
export async function measurePeers(options: PeerOptions): Promise<Round[][]> {
  const { contenders, rounds, executablePath } = options;
  const all: Round[][] = contenders.map(() => []);
  const profile = mkdtempSync(join(tmpdir(), 'sotto-bench-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ARGS });
  try {
    for (const { folder } of contenders)
      options.clips.forEach((clip, index) => writeFileSync(join(folder, `clip-${index}.f32`), clip));
    for (let round = 0; round < rounds; round++) {
      const order = contenders.map((contender, index) => ({ contender, index }));
      for (const { contender, index } of round % 2 === 0 ? order : order.reverse()) {
        console.log(`round ${round + 1} of ${rounds}: ${contender.name}`);
        all[index]?.push(await measureRound(context, contender, options));
      }
    }
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  return all;
}

async function measureRound(
  context: BrowserContext,
  { folder, pages }: Contender,
  { clips, device }: PeerOptions,
): Promise<Round> {
  const downloadedBytes = { code: 0, checkpoint: 0 };
  const onSent = (path: string, bytes: number): void => {
    if (path.startsWith('/clip-')) return;
    downloadedBytes[/^\/(export|checkpoint)/.test(path) ? 'checkpoint' : 'code'] += bytes;
  };
  await using server = await serve({ folder, pages, onSent }); // another port is another origin: nothing is stored
  let firstVisit: Step;
  let storedBytes: number;
  {
    await using visit = await Visit.begin(context, server, clips.length);
    firstVisit = (await visit.step('first visit', (page) => open(page, device))).step;
    storedBytes = await visit.page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  }
  const downloaded = { ...downloadedBytes };

  await using visit = await Visit.begin(context, server, clips.length);
  const opened = await visit.step('second visit', (page) => open(page, device));
  const first = await visit.step('first text', (page) => transcribe(page, 0));
  const transcribed: Step[][] = clips.map(() => []);
  const heard: Heard[] = [];
  for (const [clip, steps] of transcribed.entries()) {
    for (let run = 0; run < RUNS; run++) {
      const { step, value } = await visit.step(`clip ${clip + 1}`, (page) => transcribe(page, clip));
      steps.push(step);
      heard[clip] = value;
    }
  }
  const told = await stages(visit.page, device);
  const result = {
    firstVisit,
    downloadedBytes: downloaded,
    storedBytes,
    secondVisit: opened.step,
    firstTextSeconds: visit.navigationSeconds + opened.step.seconds + first.step.seconds,
    transcribed,
    heard: told ? heard.map((each, clip) => ({ ...each, stages: told[clip] ?? {} })) : heard,
    said: opened.value,
  };
  await visit.forget(server.url);
  return result;
}

/** One page, from its address on. */
class Visit implements AsyncDisposable {
  readonly page: Page;
  /** Until its script had run. */
  readonly navigationSeconds: number;
  readonly #memory: BrowserMemory;

  static async begin(context: BrowserContext, { url }: StaticServer, numClips: number): Promise<Visit> {
    const page = await context.newPage();
    page.setDefaultTimeout(0); // software graphics take minutes
    await page.goto('about:blank');
    const startedAt = performance.now();
    await page.goto(url);
    await page.waitForFunction(() => 'contender' in globalThis);
    const seconds = (performance.now() - startedAt) / 1000;
    await page.evaluate(async (numClips) => {
      const longest = { duration: 0 };
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longest.duration = Math.max(longest.duration, duration);
      }).observe({ type: 'longtask' });
      const clips: Float32Array[] = [];
      for (let clip = 0; clip < numClips; clip++)
        clips.push(new Float32Array(await (await fetch(`/clip-${clip}.f32`)).arrayBuffer()));
      Object.assign(globalThis, { longest, clips });
    }, numClips);
    return new Visit(page, seconds, await BrowserMemory.ofPage(page));
  }

  private constructor(page: Page, navigationSeconds: number, memory: BrowserMemory) {
    this.page = page;
    this.navigationSeconds = navigationSeconds;
    this.#memory = memory;
  }

  async step<T>(
    what: string,
    work: (page: Page) => Promise<{ milliseconds: number; value: T }>,
  ): Promise<{ step: Step; value: T }> {
    await this.#longestTask();
    this.#memory.startStep();
    const before = this.#memory.processorSeconds();
    const { milliseconds, value } = await work(this.page);
    const processorSeconds = this.#memory.processorSeconds() - before;
    const pageMiB = this.#memory.peaks().page;
    const longestTaskSeconds = (await this.#longestTask()) / 1000;
    const seconds = milliseconds / 1000;
    console.log(`  ${what}: ${seconds.toFixed(2)} s, ${processorSeconds.toFixed(2)} of processor time`);
    return { step: { seconds, processorSeconds, pageMiB, longestTaskSeconds }, value };
  }

  /** Milliseconds, since this was last asked. */
  #longestTask(): Promise<number> {
    return this.page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200)); // entries come after the task
      const { longest } = globalThis as unknown as { longest: { duration: number } };
      const { duration } = longest;
      longest.duration = 0;
      return duration;
    });
  }

  async forget(origin: string): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}

function open(page: Page, device: string): Promise<{ milliseconds: number; value: string }> {
  return page.evaluate(async (asked) => {
    const { contender } = globalThis as unknown as ContenderPage;
    await new Promise((resolve) => setTimeout(resolve)); // a task of the page's own, which `longtask` sees
    const startedAt = performance.now();
    const value = await contender.open(asked);
    return { milliseconds: performance.now() - startedAt, value };
  }, device);
}

function transcribe(page: Page, clip: number): Promise<{ milliseconds: number; value: Heard }> {
  return page.evaluate(async (index) => {
    const { contender, clips } = globalThis as unknown as ContenderPage;
    await new Promise((resolve) => setTimeout(resolve)); // a task of the page's own, which `longtask` sees
    const startedAt = performance.now();
    const value = await contender.transcribe(clips[index] as Float32Array);
    return { milliseconds: performance.now() - startedAt, value };
  }, clip);
}

function stages(page: Page, device: string): Promise<Readonly<Record<string, number>>[] | undefined> {
  return page.evaluate((asked) => {
    const { contender, clips } = globalThis as unknown as ContenderPage;
    return contender.stages?.(asked, clips);
  }, device);
}
