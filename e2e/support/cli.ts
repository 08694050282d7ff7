/** Command lines run in this process: what they print and their exit status. Node only. */
import { strictEqual } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Golden } from './golden.ts';

// Checkpoints of tests are kept for the run, and never among those of the person who runs it.
const cache = mkdtempSync(join(tmpdir(), 'sotto-cache-'));
process.env['XDG_CACHE_HOME'] = cache;
process.once('exit', () => rmSync(cache, { recursive: true, force: true }));

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** The checkpoint of a case. */
export function model(family: string): string {
  return join(FIXTURES, 'families', family, 'model.nemo');
}

/** A case's clips. */
export function clipsOf({ inputs }: Pick<Golden, 'inputs'>): string[] {
  return inputs.map(({ name }) => join(FIXTURES, `audio/${name}.wav`));
}

const written = mkdtempSync(join(tmpdir(), 'sotto-cli-'));
process.once('exit', () => rmSync(written, { recursive: true, force: true }));

/** Where a test may write a file; gone with the run. */
export function scratch(name: string): string {
  return join(written, name);
}

/** Runs a command line. */
export async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await runCli(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err };
}

/** Runs one that prints JSON and nothing on stderr. */
export async function json<T>(...argv: string[]): Promise<T> {
  const { status, out, err } = await run(...argv);
  strictEqual(err, '');
  strictEqual(status, 0);
  return JSON.parse(out) as T;
}
