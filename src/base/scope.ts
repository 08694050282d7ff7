/**
 * Owns everything that has to end with its owner: listeners, timers, workers, observers, child scopes.
 *
 * Disposing runs the clean-ups last-in first-out; registering on a disposed scope cleans up at once, so late callbacks leak nothing.
 * Raw `addEventListener` and timers are banned elsewhere in `src/ui` and `src/audio/capture.ts` for that reason.
 */
export class Scope implements Disposable {
  readonly #cleanups = new Set<() => void>();
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Registers a clean-up, run once when the scope ends. */
  onDispose(cleanup: () => void): void {
    if (this.#disposed) cleanup();
    else this.#cleanups.add(cleanup);
  }

  /** Adds an event listener that ends with the scope. */
  listen<E extends Event = Event>(
    target: EventTarget,
    type: string,
    listener: (event: E) => void,
    options?: AddEventListenerOptions,
  ): void {
    target.addEventListener(type, listener as EventListener, options);
    this.onDispose(() => target.removeEventListener(type, listener as EventListener, options));
  }

  /** Calls `callback` once after `milliseconds`, unless the scope ends before; returns a cancel function. */
  timeout(callback: () => void, milliseconds: number): () => void {
    const cancel = () => {
      clearTimeout(id);
      this.#cleanups.delete(cancel);
    };
    // What has fired is forgotten, so that a timer that sets the next one does not pile up clean-ups.
    const id = setTimeout(() => {
      this.#cleanups.delete(cancel);
      callback();
    }, milliseconds);
    this.onDispose(cancel);
    return cancel;
  }

  /** A scope that ends with this one, or before. */
  child(): Scope {
    const child = new Scope();
    const end = () => child.dispose();
    this.onDispose(end);
    child.onDispose(() => this.#cleanups.delete(end));
    return child;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const cleanups = [...this.#cleanups].reverse();
    this.#cleanups.clear();
    for (const cleanup of cleanups) cleanup();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
