/**
 * The rules of ARCHITECTURE.md, executed: who may import whom, one door per npm package, documented exports, short files.
 *
 * Type-only imports count: a type is a dependency. An entry of the table that no import uses fails as well, so the table stays true.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

type Layers = Readonly<Record<string, readonly [ours: readonly string[], packages: readonly string[]]>>;

/** What each folder of `src` may import: [our folders, npm packages]. */
const LAYERS: Layers = {
  base: [[], []],
  archive: [['base'], ['unzipit', 'js-yaml']],
  onnx: [[], ['pbf']],
  audio: [['base'], ['mediabunny']],
  tokenizer: [['base'], ['pbf']],
  decoding: [['base'], []],
  text: [['base'], []],
  runtime: [['base'], ['onnxruntime-web']],
  catalogue: [['base'], []],
  checkpoint: [
    ['base', 'catalogue'],
    ['@huggingface/hub', 'idb-keyval'],
  ],
  model: [['base', 'archive', 'onnx'], ['valibot']],
  engine: [['base', 'archive', 'audio', 'checkpoint', 'decoding', 'model', 'onnx', 'runtime', 'text', 'tokenizer'], []],
  rpc: [['base', 'catalogue', 'engine'], ['comlink']], // engine: types only, see below
  ui: [['base', 'rpc', 'text', 'audio', 'workers'], ['lit']], // audio: capture only; workers: the address of the worklet
  cli: [['base', 'audio', 'checkpoint', 'engine', 'text'], []],
};

/** Workers wire: the engine on one side, the wire on the other. */
const WORKERS: Layers = { workers: [['engine', 'rpc', 'audio'], ['comlink']] };

const SRC = import.meta.dirname;
const ROOT = dirname(SRC);
const MAX_LINES = 300;

/** Calls whose owner nobody knows; Biome refuses bare timers, but cannot see these. */
const RAW_CALLS = /\.addEventListener\(|new (?:Worker|SharedWorker)\(/;
const SCOPED = /^(?:ui\/|audio\/capture)/;

const sources = files(SRC).filter((file) => !file.endsWith('.test.ts'));

/** What each file imports of our own. */
const OURS: ReadonlyMap<string, readonly string[]> = new Map(
  sources.map((file) => [
    file,
    importsOf(join(SRC, file))
      .filter(({ path }) => path.startsWith('.'))
      .map(({ path }) => posix.join(posix.dirname(file), path)),
  ]),
);

describe('layers', () => {
  test('every folder imports only what its row allows, and every row is used', () => {
    expect(findLayerErrors('src', LAYERS)).toEqual([]);
  });

  test('workers import only engine, wire and base', () => {
    expect(findLayerErrors('.', WORKERS)).toEqual([]);
  });

  test('rpc knows the engine by its types only, so that the engine stays out of the page', () => {
    const values = sources
      .filter((file) => file.startsWith('rpc/'))
      .filter((file) => importsOf(join(SRC, file)).some(({ path, isType }) => path.includes('/engine/') && !isType));
    expect(values).toEqual([]);
  });

  test('the pure layers use no globals of page or worker, nor of Node', () => {
    const pure = /^(?:archive|catalogue|onnx|tokenizer|decoding|text|model)\//;
    const impure = /\b(?:document|navigator|localStorage|indexedDB|process|Buffer)\.|from 'node:/;
    expect(sources.filter((file) => pure.test(file) && impure.test(code(file)))).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    const circles = sources.filter((file) => reach(file).has(file));
    expect(circles).toEqual([]);
  });

  test('the interface owns its listeners, timers and workers through a Scope', () => {
    expect(sources.filter((file) => SCOPED.test(file) && RAW_CALLS.test(code(file)))).toEqual([]);
  });
});

describe('files', () => {
  test(`none is longer than ${MAX_LINES} lines`, () => {
    const long = sources.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });

  test('none is a drawer', () => {
    const drawers = /(?:^|\/)(?:utils?|helpers?|misc|types|constants|common)\.ts$|(?:manager|service)\.ts$/;
    expect(sources.filter((file) => drawers.test(file))).toEqual([]);
  });

  test('each begins with a comment that says what it is for', () => {
    expect(sources.filter((file) => !/^(?:#!.*\n)?\/\*\*/.test(readFileSync(join(SRC, file), 'utf8')))).toEqual([]);
  });
});

describe('public API', () => {
  test('every exported symbol has a doc comment', () => {
    const undocumented = publicSymbols().filter(({ name, file }) => !isDocumented(name, file));
    expect(undocumented).toEqual([]);
  });
});

/** Checks the folders of `root` that the table names, and in `src` all of them. */
function findLayerErrors(root: string, layers: Layers): string[] {
  const errors: string[] = [];
  const unused = new Set(
    Object.entries(layers).flatMap(([layer, allowed]) => allowed.flat().map((target) => `${layer} -> ${target}`)),
  );
  const folder = join(ROOT, root);
  const candidates =
    root === '.'
      ? Object.keys(layers).flatMap((layer) => files(join(ROOT, layer)).map((file) => `${layer}/${file}`))
      : sources;
  for (const file of candidates.filter((name) => name.includes('/') && !name.endsWith('.test.ts'))) {
    const [layer = ''] = file.split('/');
    const allowed = layers[layer];
    if (allowed === undefined) {
      errors.push(`${file}: folder ${layer} is not in the table`);
      continue;
    }
    for (const { path } of importsOf(join(folder, file))) {
      const isOurs = path.startsWith('.');
      const target = isOurs ? layerOf(posix.join(posix.dirname(file), path)) : packageOf(path);
      if (target === layer || (layer === 'cli' && path.startsWith('node:'))) continue;
      unused.delete(`${layer} -> ${target}`);
      if (!allowed[isOurs ? 0 : 1].includes(target)) errors.push(`${file} must not import ${target}`);
    }
  }
  return [...errors, ...[...unused].map((entry) => `stale entry: ${entry}`)];
}

/** All that `file` imports, and what that imports. */
function reach(file: string): Set<string> {
  const seen = new Set<string>();
  const next = [file];
  for (let from = next.pop(); from !== undefined; from = next.pop()) {
    for (const path of OURS.get(from) ?? []) {
      if (seen.has(path)) continue;
      seen.add(path);
      next.push(path);
    }
  }
  return seen;
}

function layerOf(path: string): string {
  return path.replace(/^(?:\.\.\/)*(?:src\/)?/, '').split('/')[0] ?? '';
}

function packageOf(path: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
}

/** Imports of a file, also re-exports and dynamic ones. */
function importsOf(path: string): { readonly path: string; readonly isType: boolean }[] {
  const text = withoutComments(readFileSync(path, 'utf8'));
  const statements = text.matchAll(
    /^(?:import|export)(\s+type\b)?[^;'"=]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm,
  );
  return [...statements].map((found) => ({
    path: found[2] ?? found[3] ?? found[4] ?? '',
    isType: found[1] !== undefined,
  }));
}

/** What `src/index.ts` exports, with the file that declares it. */
function publicSymbols(): { readonly name: string; readonly file: string }[] {
  const text = withoutComments(readFileSync(join(SRC, 'index.ts'), 'utf8'));
  return [...text.matchAll(/export\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'\.\/([^']+)'/g)].flatMap(
    ([, names = '', file = '']) =>
      names
        .split(',')
        .map((name) =>
          name
            .trim()
            .replace(/^type\s+/, '')
            .replace(/\s+as\s+.*/, ''),
        )
        .filter((name) => name !== '')
        .map((name) => ({ name, file })),
  );
}

function isDocumented(name: string, file: string): boolean {
  const declaration = `export (?:declare )?(?:abstract )?(?:async )?(?:class|function\\*?|const|type|interface|let) ${name}\\b`;
  return new RegExp(`\\*/\\n(?:// biome-ignore[^\\n]*\\n)?${declaration}`).test(readFileSync(join(SRC, file), 'utf8'));
}

function code(file: string): string {
  return withoutComments(readFileSync(join(SRC, file), 'utf8'));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, '');
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'));
}
