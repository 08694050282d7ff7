/** Memory of the page's process, workers and their WebAssembly included: what the page itself can ask for leaves those out. */
import { existsSync, readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

/** Only Linux tells what a process holds without further tools. */
export const canReadMemory: boolean = existsSync('/proc/self/status');

/** MiB that the largest renderer process holds now, and held at most. */
export async function rendererMemory(browser: Browser): Promise<{ readonly now: number; readonly peak: number }> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const all = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => memoryOf(id));
    return { now: Math.max(...all.map(({ now }) => now)), peak: Math.max(...all.map(({ peak }) => peak)) };
  } finally {
    await session.detach();
  }
}

function memoryOf(process: number): { now: number; peak: number } {
  try {
    const status = readFileSync(`/proc/${process}/status`, 'utf8');
    const mebibytes = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
  } catch {
    return { now: 0, peak: 0 }; // ended meanwhile
  }
}
