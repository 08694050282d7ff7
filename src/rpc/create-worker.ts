/**
 * Starts the recognition worker; the only place that does.
 *
 * The `new Worker(new URL(…), …)` below must keep this literal form: bundlers (Vite here, webpack or Vite at a consumer) find the
 * worker by it. When `embed.js` comes from another origin the browser refuses that URL, and a one-line blob worker imports it instead.
 */
const BUILT_WORKER = 'asr.worker.js'; // file name in dist/lib, set in vite.config.ts

/** A fresh module worker; throws what the browser throws when a policy forbids it. */
export function createWorker(): Worker {
  const scriptOrigin = new URL(import.meta.url).origin;
  if (scriptOrigin !== 'null' && scriptOrigin !== globalThis.location?.origin) return createForeignWorker();
  return new Worker(new URL('../../workers/asr.worker.ts', import.meta.url), { type: 'module', name: 'sotto' });
}

function createForeignWorker(): Worker {
  const script = `import ${JSON.stringify(new URL(BUILT_WORKER, import.meta.url).href)};`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module', name: 'sotto' });
  // The worker fetches its script after this call has returned, so the URL must outlive it a little.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return worker;
}
