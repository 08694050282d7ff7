/** The examples for many files, run as they are: GNU parallel and Ray where they are installed, the built command line in any case. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'dist/cli/main.js');
const MODEL = join(ROOT, 'e2e/fixtures/families/fastconformer-ctc-bpe/model.nemo');
const CLIPS = ['forty', 'river', 'morning'] as const;
const isBuilt = existsSync(CLI);
const folder = mkdtempSync(join(tmpdir(), 'sotto-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listed = Array.from({ length: 24 }, (_, index) =>
  join(ROOT, `e2e/fixtures/audio/${CLIPS[index % CLIPS.length]}.wav`),
);
const manifest = join(folder, 'all.jsonl');
writeFileSync(manifest, listed.map((path) => `${JSON.stringify({ audio_filepath: path, duration: 2 })}\n`).join(''));

function audioOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { audio: string }).audio);
}

function runs(command: string, ...args: readonly string[]): boolean {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 && (command !== 'parallel' || stdout.includes('GNU parallel'));
}

describe.skipIf(!isBuilt)('needs the built command line', () => {
  test('a run that is killed goes on where it was, over half a line, and keeps the order', async () => {
    const output = join(folder, 'killed.jsonl');
    const args = [CLI, 'transcribe', '--manifest', manifest, '--model', MODEL, '--output', output];
    const first = spawn(process.execPath, args, { stdio: 'ignore' });
    const ended = new Promise((resolve) => first.once('close', resolve));
    while (!existsSync(output)) await new Promise((resolve) => setTimeout(resolve, 20));
    first.kill('SIGKILL');
    await ended;
    expect(audioOf(output).length).toBeLessThan(listed.length);
    appendFileSync(output, '{"audio": "half a li');
    execFileSync(process.execPath, args);
    expect(audioOf(output)).toEqual(listed);
  }, 120_000);

  const environment = { ...process.env, SOTTO: `${process.execPath} ${CLI}`, SOTTO_OPTIONS: `--model ${MODEL}` };

  test.skipIf(!runs('parallel', '--version'))(
    'GNU parallel',
    () => {
      const results = join(folder, 'parallel');
      const args = [manifest, results, '3', '--jobs', '2'];
      execFileSync(join(ROOT, 'examples/many-files.sh'), args, { env: environment, stdio: 'pipe' });
      expect(audioOf(join(results, 'all.jsonl')).sort()).toEqual([...listed].sort());
    },
    240_000,
  );

  const python = process.env['PYTHON'] ?? 'python3';
  test.skipIf(!runs(python, '-c', 'import ray'))(
    'Ray',
    () => {
      const results = join(folder, 'ray');
      const script = join(ROOT, 'examples/many_files_ray.py');
      execFileSync(python, [script, manifest, results, '2', '--model', MODEL], { env: environment, stdio: 'pipe' });
      expect(audioOf(join(results, 'all.jsonl')).sort()).toEqual([...listed].sort());
    },
    240_000,
  );
});
