/**
 * The page's service worker: keeps what the page has loaded, so that it opens without a network.
 *
 * Network first, so a new version is never hidden by an old copy. Checkpoints are left out: they rest in IndexedDB, and they are read by
 * ranges, which a cache cannot give.
 */
// What is used of ServiceWorkerGlobalScope; the type-checker's worker library describes dedicated workers.
type LifeEvent = { waitUntil(work: Promise<unknown>): void };
type LoadEvent = LifeEvent & { readonly request: Request; respondWith(response: Promise<Response>): void };
type ServiceWorkerScope = {
  readonly location: { readonly origin: string };
  readonly registration: { readonly scope: string };
  /** What was built of this version, relative to the page; written in front of this file by the build. */
  readonly PAGE_FILES: readonly string[];
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: LoadEvent) => void): void;
};

const CACHE = 'sotto-page';
const scope = globalThis as unknown as ServiceWorkerScope;
/** The page itself, under one name whatever follows the question mark. */
const PAGE = scope.registration.scope;
const ASSETS = new URL('assets/', PAGE).href;
const files = new Set(scope.PAGE_FILES.map((name) => new URL(name, PAGE).href));

// A new version waits here until the pages of the one before are closed, which may still need files of theirs.
scope.addEventListener('install', (event) => event.waitUntil(keepThisVersion()));
scope.addEventListener('activate', (event) => event.waitUntil(forgetOthers().then(() => scope.clients.claim())));

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isOurs = url.origin === scope.location.origin && url.href.startsWith(PAGE);
  if (request.method !== 'GET' || !isOurs || url.pathname.includes('/checkpoints/') || request.headers.has('Range'))
    return;
  event.respondWith(networkFirst(event));
});

/** Page, styles and workers: a version is complete or not there. onnxruntime's files have the same name in all and are kept when used. */
async function keepThisVersion(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([new Request(PAGE, { cache: 'no-cache' }), ...files]);
}

/** What was built for another version, and documents kept under names that are no longer used. */
async function forgetOthers(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    const isOfOther = request.url.startsWith(ASSETS) && !files.has(request.url);
    if (isOfOther || (isDocument(request.url) && request.url !== PAGE)) await cache.delete(request);
  }
}

/** The answer does not wait until it is kept, and does not depend on it: a full disk is no reason not to show the page. */
async function networkFirst(event: LoadEvent): Promise<Response> {
  const { request } = event;
  const cache = await caches.open(CACHE);
  const key = isDocument(request.url) ? PAGE : request;
  try {
    const response = await fetch(request);
    if (response.ok) event.waitUntil(cache.put(key, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const kept = await cache.match(key, { ignoreVary: true }); // servers vary by headers that change no file
    if (kept) return kept;
    throw error;
  }
}

function isDocument(url: string): boolean {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/index\.html$/, '') === PAGE;
}

export {};
