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
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: LoadEvent) => void): void;
};

const CACHE = 'sotto-page';
const scope = globalThis as unknown as ServiceWorkerScope;

scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isOurs = url.origin === scope.location.origin && url.href.startsWith(scope.registration.scope);
  if (request.method !== 'GET' || !isOurs || url.pathname.includes('/checkpoints/') || request.headers.has('Range'))
    return;
  event.respondWith(networkFirst(event));
});

/** The answer does not wait until it is kept, and does not depend on it: a full disk is no reason not to show the page. */
async function networkFirst(event: LoadEvent): Promise<Response> {
  const { request } = event;
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) event.waitUntil(cache.put(request, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
    if (kept) return kept;
    throw error;
  }
}

export {};
