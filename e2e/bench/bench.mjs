/**
 * `npm run bench`: prints how fast and how large Sotto is on this machine, and keeps the numbers in `results/<date>.json`.
 *
 *   npm run bench -- [--model FILE.nemo] [--nemo-export ENCODER.onnx] [--audio FILE.wav] [--runs N] [--no-save]
 *   npm run bench -- --browser wasm,webgpu [--precision P] [--model FILE.nemo] [--audio FILE.wav] [--no-save]
 *   npm run bench -- --peer parakeet.js[,parakeet.js@ort] --model FILE.nemo --export FOLDER [--device webgpu] [--runs N] [--audio FILE.wav]
 *
 * With the export of `export_nemo.py` the encoder runs side by side with NeMo's own graph: same process, same onnxruntime-web, same weights, one
 * thread, A and B in turn. `--browser` measures the way of a checkpoint through Chromium instead, with the memory of every step. `--peer` runs Sotto and other packages in
 * turns in one Chromium, on one checkpoint that `export_parakeet.py` exported for them (`@ort`: on Sotto's onnxruntime-web). Measure on an idle machine; the load at the start is printed, because it decides how much the numbers mean.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, openAsBlob, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { findChromium } from '../find-chromium.mjs';
import { bundleSizes } from './bundle-sizes.mjs';

const FOLDER = import.meta.dirname;
const ROOT = join(FOLDER, '../..');
const BUILT_IN = join(ROOT, 'public/checkpoints/sotto-tiny-en.nemo');
const CLI = join(ROOT, 'dist/cli/main.js');
const AUDIO = join(ROOT, 'e2e/fixtures/audio');

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: BUILT_IN },
    'nemo-export': { type: 'string' },
    audio: { type: 'string' },
    runs: { type: 'string' },
    browser: { type: 'string' },
    peer: { type: 'string' },
    export: { type: 'string' },
    device: { type: 'string', default: 'wasm' },
    precision: { type: 'string', default: 'auto' },
    'no-save': { type: 'boolean', default: false },
  },
});

if (!existsSync(CLI)) throw new Error('Build first: npm run build');
console.log(
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}, load ${loadavg()[0].toFixed(1)}\n`,
);

const modules = await buildModules();
let columns; // of a comparison
const rows = await measure();
for (const { what, value, values: all = [value], unit, note = '' } of rows)
  console.log(`${what.padEnd(52)} ${all.map((each) => shown(each).padStart(10)).join(' ')} ${unit.padEnd(8)} ${note}`);
if (!values['no-save']) save();

function measure() {
  if (values.peer) return measureBesidePeers();
  return values.browser ? measureInBrowser(values.browser.split(',')) : measureHere();
}

async function measureBesidePeers() {
  const { model, peer, device, export: exported } = values;
  if (!exported) throw new Error('--peer needs --export: the folder that export_parakeet.py made of the checkpoint.');
  await buildStages();
  const { names, rows } = await modules.measureBesidePeers({
    root: ROOT,
    model,
    exported,
    peers: peer.split(','),
    device,
    fixtures: AUDIO,
    audio: values.audio && (await openAsBlob(values.audio)),
    rounds: Number(values.runs ?? 3),
    executablePath: findChromium(),
  });
  names.forEach((name, column) => console.log(`column ${column + 1}: ${name}`));
  columns = names;
  return rows;
}

function shown(value) {
  if (typeof value !== 'number') return value;
  return Number.isNaN(value) ? '' : value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 2);
}

async function measureHere() {
  const exported = values['nemo-export'];
  const measured = await modules.measure({
    model: await openAsBlob(values.model),
    name: basename(values.model),
    ...(values.audio ? { audio: await openAsBlob(values.audio) } : { audio: undefined }),
    fixtures: AUDIO,
    ...(exported ? { exported: readFileSync(exported) } : { exported: undefined }),
    runs: Number(values.runs ?? 7),
  });
  return [...measured.rows, ...measureProcess(measured.clip), ...bundleSizes(join(ROOT, 'dist'))];
}

async function measureInBrowser(devices) {
  if (process.platform !== 'linux')
    return [{ what: 'in a browser', value: 'skipped:', unit: '', note: 'memory of processes is read on Linux only' }];
  const audio = values.audio ?? writeClip(await (await modules.fixtureClip(AUDIO)).arrayBuffer());
  const { model, precision } = values;
  const what = { library: join(ROOT, 'dist/lib'), model, precision, audio, executablePath: findChromium() };
  const rows = [];
  for (const device of devices) rows.push(...(await modules.measureBrowser({ ...what, device })));
  return rows;
}

/** The measuring code imports the engine's TypeScript, so it is built as the CLI is. */
async function buildModules() {
  await build({
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: 'dist/bench',
      emptyOutDir: true,
      target: 'node20',
      ssr: true,
      rolldownOptions: {
        input: {
          measure: join(FOLDER, 'measure.ts'),
          browser: join(FOLDER, 'measure-browser.ts'),
          peers: join(FOLDER, 'beside-peers.ts'),
        },
        external: [/^node:/, /^onnxruntime-web/, /^@playwright/],
        output: { entryFileNames: '[name].mjs' },
      },
    },
    ssr: { noExternal: true, external: ['onnxruntime-web', '@playwright/test'] },
  });
  const load = (name) => import(pathToFileURL(join(ROOT, `dist/bench/${name}.mjs`)).href);
  return { ...(await load('measure')), ...(await load('browser')), ...(await load('peers')) };
}

/** For a page: the engine in a worker that tells its stages. */
function buildStages() {
  return build({
    configFile: false,
    root: ROOT,
    base: './',
    publicDir: false,
    logLevel: 'warn',
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
    build: {
      outDir: 'dist/bench/stages',
      target: 'es2023',
      rolldownOptions: {
        input: { stages: join(FOLDER, 'stages.ts') },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
    worker: { format: 'es' },
  });
}

/** Loading and peak memory of a process that does nothing else. */
function measureProcess(clip) {
  const args = ['bench', '--json', '--runs', '1', '--model', values.model, writeClip(clip)];
  const { load, peakMiB } = JSON.parse(execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' }));
  return [
    { what: 'load, first time (open, convert, sessions)', value: load, unit: 's' },
    { what: 'peak memory of the process, load and transcribe', value: peakMiB, unit: 'MiB' },
  ];
}

function writeClip(clip) {
  const path = join(ROOT, 'dist/bench/clip.wav');
  writeFileSync(path, new Uint8Array(clip));
  return path;
}

/** One file a day; a second run of the same checkpoint replaces the first. */
function save() {
  const folder = join(FOLDER, 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().slice(0, 10)}.json`);
  const runs = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).runs : [];
  const run = {
    checkpoint:
      basename(values.model) +
      (values.browser ? ' in Chromium' : '') +
      (values.peer ? ` beside ${values.peer}, ${values.device}` : ''),
    cpu: cpus()[0]?.model.trim(),
    node: process.versions.node,
    load: loadavg()[0],
    ...(columns ? { columns } : {}),
    rows,
  };
  writeFileSync(
    file,
    `${JSON.stringify({ runs: [...runs.filter(({ checkpoint }) => checkpoint !== run.checkpoint), run] }, null, 1)}\n`,
  );
}
