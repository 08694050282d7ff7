/** Lets the built page open without a network; in development there is nothing to keep. */

/** Registers the service worker, once the page has loaded. A browser that refuses keeps working, only not offline. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator) || !window.isSecureContext) return;
  navigator.serviceWorker.register(new URL('offline.js', document.baseURI), { type: 'module' }).catch(() => {});
}
