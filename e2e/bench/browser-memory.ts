/** Memory of a Chromium that this process started, from Linux's own accounts. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';

export type ProcessName = 'page' | 'gpu' | 'browser';

/** The processes behind one page. Linux only. */
export class BrowserMemory {
  readonly #ids: Readonly<Record<ProcessName, number>>;
  readonly #base: Readonly<Record<ProcessName, number>>;

  /** Counts from what the processes hold now; the page's renderer is the one that works when the page does. */
  static async ofPage(page: Page): Promise<BrowserMemory> {
    if (process.platform !== 'linux') throw new Error('Memory of a browser is measured on Linux only.');
    const all = ownChromium();
    const renderers = all.filter(({ type }) => type === 'renderer');
    const before = renderers.map(({ id }) => processorTicks(id));
    await page.evaluate(() => {
      for (const end = performance.now() + 2000; performance.now() < end; );
    });
    const worked = renderers.map(({ id }, index) => processorTicks(id) - (before[index] ?? 0));
    const ids = {
      page: renderers[worked.indexOf(Math.max(...worked))]?.id,
      gpu: all.find(({ type }) => type === 'gpu-process')?.id,
      browser: all.find(({ type }) => type === undefined)?.id,
    };
    if (!ids.page || !ids.gpu || !ids.browser) throw new Error('The processes of Chromium were not found.');
    return new BrowserMemory(ids as Record<ProcessName, number>);
  }

  private constructor(ids: Record<ProcessName, number>) {
    this.#ids = ids;
    this.#base = this.#read('VmRSS');
  }

  /** Forgets the peaks so far. */
  startStep(): void {
    for (const id of Object.values(this.#ids)) writeFileSync(`/proc/${id}/clear_refs`, '5');
  }

  /** MiB above the base, at most, since `startStep`. */
  peaks(): Record<ProcessName, number> {
    return this.#over(this.#read('VmHWM'));
  }

  /** MiB above the base that page and GPU process hold now. */
  held(): number {
    const { page, gpu } = this.#over(this.#read('VmRSS'));
    return page + gpu;
  }

  /** Of all processes of the browser, since they began. */
  processorSeconds(): number {
    return ownChromium().reduce((sum, { id }) => sum + processorTicks(id), 0) / 100;
  }

  #over(values: Record<ProcessName, number>): Record<ProcessName, number> {
    const { page, gpu, browser } = values;
    return { page: page - this.#base.page, gpu: gpu - this.#base.gpu, browser: browser - this.#base.browser };
  }

  #read(field: 'VmRSS' | 'VmHWM'): Record<ProcessName, number> {
    const mebibytes = (id: number): number => {
      const status = readFileSync(`/proc/${id}/status`, 'utf8');
      return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) / 1024);
    };
    const { page, gpu, browser } = this.#ids;
    return { page: mebibytes(page), gpu: mebibytes(gpu), browser: mebibytes(browser) };
  }
}

type ChromiumProcess = { readonly id: number; readonly type: string | undefined };

/** Chromium's processes among the descendants of this one; the browser's own has no type. */
function ownChromium(): ChromiumProcess[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const status = /^\d+$/.test(name) ? readOr(`/proc/${name}/status`) : '';
    const parent = /PPid:\s+(\d+)/.exec(status)?.[1];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const isOurs = (id: number | undefined): boolean =>
    id !== undefined && (id === process.pid || isOurs(parents.get(id)));
  return [...parents.keys()]
    .filter((id) => id !== process.pid && isOurs(id))
    .map((id) => ({ id, command: readOr(`/proc/${id}/cmdline`) }))
    .filter(({ command }) => command.includes('--user-data-dir') || command.includes('--type='))
    .map(({ id, command }) => ({ id, type: /--type=([a-z-]+)/.exec(command)?.[1] }));
}

/** Hundredths of a second, all threads; none for a process that has ended. */
function processorTicks(id: number): number {
  const fields = readOr(`/proc/${id}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return fields.length > 12 ? Number(fields[11]) + Number(fields[12]) : 0;
}

/** Empty for a process that has ended. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
