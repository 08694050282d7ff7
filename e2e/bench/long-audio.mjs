/**
 * `node e2e/bench/long-audio.mjs MANIFEST [--model FILE.nemo]`: word error of long recordings as `pauses` and `buffered` read them, beside one
 * pass (`full`). Keeps the numbers in `results/long-<date>.json`.
 *
 * The manifest lists recordings of some minutes with their texts; build first. Error rates do not depend on the machine, the speed does.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'dist/cli/main.js');
const MODES = ['full', 'pauses', 'buffered'];

const { values, positionals } = parseArgs({
  options: { model: { type: 'string', default: join(ROOT, 'public/checkpoints/sotto-tiny-en.nemo') } },
  allowPositionals: true,
});
const [manifest] = positionals;
if (manifest === undefined) throw new Error('Name a manifest of long recordings with their texts.');
if (!existsSync(CLI)) throw new Error('Build first: npm run build');

const load = loadavg()[0];
const rows = MODES.map((long) => {
  const args = [CLI, 'wer', manifest, '--json', '--long', long, '--batch-size', '1', '--model', values.model];
  const report = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 }));
  const { wer, cer, rtfx, duration, files } = report;
  console.log(
    `${long.padEnd(10)} WER ${(100 * wer).toFixed(2)} %, CER ${(100 * cer).toFixed(2)} %, RTFx ${rtfx.toFixed(1)}`,
  );
  return { long, wer, cer, rtfx, duration, files: files.length };
});
mkdirSync(join(ROOT, 'e2e/bench/results'), { recursive: true });
writeFileSync(
  join(ROOT, `e2e/bench/results/long-${new Date().toISOString().slice(0, 10)}.json`),
  `${JSON.stringify({ checkpoint: basename(values.model), cpu: cpus()[0]?.model.trim(), load, rows }, null, 1)}\n`,
);
