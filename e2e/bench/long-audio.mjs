/**
 * `node e2e/bench/long-audio.mjs MANIFEST [--model FILE.nemo]`: word error of long recordings as `pauses` and `buffered` read them, beside one
 * pass (`full`). Keeps the numbers in `results/long-<date>.json`.
 *
 * `node e2e/bench/long-audio.mjs --memory 15,60 --model FILE.nemo`: the peak of the process over one pass of so many minutes, without keeping it. The sound
 * is noise: what is measured is the encoder's.
 *
 * The manifest lists recordings of some minutes with their texts; build first. Error rates do not depend on the machine, the speed does.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'dist/cli/main.js');
const MODES = ['full', 'pauses', 'buffered'];

const { values, positionals } = parseArgs({
  options: {
    model: { type: 'string', default: join(ROOT, 'public/checkpoints/sotto-tiny-en.nemo') },
    memory: { type: 'string' },
  },
  allowPositionals: true,
});
const [manifest] = positionals;
if (!existsSync(CLI)) throw new Error('Build first: npm run build');
if (values.memory !== undefined) {
  for (const minutes of values.memory.split(',')) measureMemory(Number(minutes));
  process.exit();
}
if (manifest === undefined) throw new Error('Name a manifest of long recordings with their texts.');

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

/** Prints the peak of a process of its own that opens the model and takes `minutes` of noise in one pass. */
function measureMemory(minutes) {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-'));
  const recording = join(folder, 'noise.wav');
  const report = "process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))";
  const preload = `data:text/javascript,${encodeURIComponent(report)}`;
  try {
    writeFileSync(recording, noise(minutes));
    const args = [
      '--import',
      preload,
      CLI,
      'transcribe',
      recording,
      '--long',
      'full',
      '--json',
      '--model',
      values.model,
    ];
    const startedAt = performance.now();
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const seconds = (performance.now() - startedAt) / 1000;
    const peak = Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
    const failure = status === 0 ? '' : `, failed: ${stderr.slice(0, 300)}`;
    console.log(`${minutes} min: peak ${peak.toFixed(0)} MiB, ${seconds.toFixed(1)} s${failure}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A WAV of 16 kHz, 16 bits, mono. */
function noise(minutes) {
  const samples = new Int16Array(minutes * 60 * 16000);
  for (let at = 0, state = 1; at < samples.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples[at] = (state >>> 16) - 32768;
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16000, 24);
  header.writeUInt32LE(32000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}
