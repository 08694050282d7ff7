/**
 * Three builds from one tree, picked by `--mode`: `page` (the site), `library` (npm package, worker and `embed.js`) and `cli` (Node).
 *
 * onnxruntime's own wasm loaders are copied beside each browser build under `ort/` and never bundled: its threads start from that very
 * file, and a bundled copy would start our worker again instead. `SOTTO_ISOLATED=1` serves with COOP/COEP, which allows threads.
 */
import { cpSync, createReadStream, existsSync, mkdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import type { ConfigEnv, Plugin, UserConfig } from 'vite';

const ROOT = import.meta.dirname;
const ORT_FOLDER = join(ROOT, 'node_modules/onnxruntime-web/dist');

/** The three builds of the engine (jspi and asyncify for WebGPU, plain for WASM), each a loader and its wasm. */
const ORT_FILES = ['.jspi', '.asyncify', ''].flatMap((build) => [
  `ort-wasm-simd-threaded${build}.mjs`,
  `ort-wasm-simd-threaded${build}.wasm`,
]);

/** `connect-src` names the hub and its storage, the only other hosts that Sotto ever talks to. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.hf.co https://*.huggingface.co",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self' blob:",
  "base-uri 'none'",
].join('; ');

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default ({ mode }: ConfigEnv): UserConfig => {
  if (mode === 'cli') return cliBuild();
  if (mode === 'library') return libraryBuild();
  return pageBuild();
};

function pageBuild(): UserConfig {
  const isolation = process.env['SOTTO_ISOLATED'] ? ISOLATION : {};
  const browser = browserBuild({ workerFile: 'assets/[name]-[hash].js' });
  return {
    ...browser,
    plugins: [...(browser.plugins ?? []), offlineFiles()],
    base: './', // the page works from any sub-path
    build: {
      outDir: 'dist/page',
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { index: resolve(ROOT, 'index.html'), offline: resolve(ROOT, 'workers/offline.worker.ts') },
        // A service worker rules the folder it lies in, under a name that never changes.
        output: { entryFileNames: ({ name }) => (name === 'offline' ? 'offline.js' : 'assets/[name]-[hash].js') },
      },
    },
    server: { headers: isolation },
    preview: { headers: { ...isolation, 'Content-Security-Policy': PAGE_POLICY } },
  };
}

function libraryBuild(): UserConfig {
  return {
    ...browserBuild({ workerFile: '[name].js', chunkFile: 'asr.worker-[name].js' }),
    base: './',
    build: {
      outDir: 'dist/lib',
      emptyOutDir: true,
      target: 'es2023',
      lib: { entry: entries({ index: 'src/index.ts', embed: 'src/ui/embed.ts' }), formats: ['es'] },
      rolldownOptions: { output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' } },
    },
  };
}

function browserBuild({
  workerFile,
  chunkFile = workerFile,
}: {
  readonly workerFile: string;
  readonly chunkFile?: string;
}): UserConfig {
  return {
    plugins: [ortFiles(), plainWorkerUrl()],
    // Takes the builds of onnxruntime-web that load their `.mjs` from `ort/` instead of carrying a copy.
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
    optimizeDeps: { exclude: ['onnxruntime-web'] },
    worker: {
      format: 'es',
      rolldownOptions: { output: { entryFileNames: workerFile, chunkFileNames: chunkFile } },
    },
  };
}

function cliBuild(): UserConfig {
  return {
    publicDir: false,
    build: {
      outDir: 'dist/cli',
      emptyOutDir: true,
      target: 'node20',
      ssr: true,
      rolldownOptions: {
        input: entries({ main: 'src/cli/main.ts' }),
        external: [...builtinModules, /^node:/, /^onnxruntime-web/, 'webgpu'],
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
    ssr: { noExternal: true, external: ['onnxruntime-web', 'webgpu'] },
  };
}

/** Entries whose file exists. */
function entries(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files)
      .map(([name, path]) => [name, resolve(ROOT, path)] as const)
      .filter(([, path]) => existsSync(path)),
  );
}

/** Serves onnxruntime's files under `ort/` in development and copies them there in a build. */
function ortFiles(): Plugin {
  let outFolder = '';
  return {
    name: 'sotto-ort-files',
    apply: (_config, { command, isPreview }) =>
      command === 'build' || (command === 'serve' && !isPreview && !process.env['VITEST']),
    configResolved(config) {
      outFolder = resolve(config.root, config.build.outDir, 'ort');
    },
    configureServer(server) {
      server.middlewares.use('/ort', (request, response, next) => {
        const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1);
        if (!ORT_FILES.includes(name)) return next();
        response.setHeader('Content-Type', name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
        for (const [header, value] of Object.entries(server.config.server.headers ?? {}))
          response.setHeader(header, String(value));
        createReadStream(join(ORT_FOLDER, name)).pipe(response);
      });
    },
    closeBundle() {
      if (this.environment.config.isWorker || this.environment.config.command !== 'build') return;
      mkdirSync(outFolder, { recursive: true });
      for (const name of ORT_FILES) cpSync(join(ORT_FOLDER, name), join(outFolder, name));
    },
  };
}

/** Tells the service worker what belongs to this version; so its own bytes change with every one, too, and browsers notice. */
function offlineFiles(): Plugin {
  return {
    name: 'sotto-offline-files',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const offline = bundle['offline.js'];
      if (offline?.type !== 'chunk') return;
      const names = Object.keys(bundle).filter((name) => name.startsWith('assets/'));
      offline.code = `globalThis.PAGE_FILES = ${JSON.stringify(names.sort())};\n${offline.code}`;
    },
  };
}

/**
 * Writes the library's worker as `new Worker(new URL('./asr.worker.js', import.meta.url), …)`, the one form that the bundlers of
 * consumers recognise; Vite's own output works in browsers only.
 */
function plainWorkerUrl(): Plugin {
  const viteForm =
    /new URL\(\s*\/\* @vite-ignore \*\/\s*new URL\("([^"]+)", import\.meta\.url\)\.href,\s*"" \+ import\.meta\.url\s*\)/g;
  return {
    name: 'sotto-plain-worker-url',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk') chunk.code = chunk.code.replace(viteForm, 'new URL("./$1", import.meta.url)');
      }
    },
  };
}
