/**
 * Owns everything that has to end with its owner: listeners, timers, workers, observers, child scopes.
 *
 * Disposing runs the clean-ups last-in first-out; registering on a disposed scope cleans up at once, so late callbacks leak nothing.
 * Raw `addEventListener` and timers are banned elsewhere in `src/ui` and `src/audio/capture.ts` for that reason.
 */
export class Scope implements Disposable {
  #cleanups: (() => void)[] = [];
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Registers a clean-up, run once when the scope ends. */
  onDispose(cleanup: () => void): void {
    if (this.#disposed) cleanup();
    else this.#cleanups.push(cleanup);
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
    const id = setTimeout(callback, milliseconds);
    const cancel = () => clearTimeout(id);
    this.onDispose(cancel);
    return cancel;
  }

  /** A scope that ends with this one, or before. */
  child(): Scope {
    const child = new Scope();
    this.onDispose(() => child.dispose());
    return child;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const cleanup of this.#cleanups.splice(0).reverse()) cleanup();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
