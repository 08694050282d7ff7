/** Aborts a request that delivers nothing: fetch itself would wait for ever. Storing what came does not count as waiting. */
export class StallTimer {
  /** Give it to `fetch`: fires on a stall (reason: a `TimeoutError`), and when the caller's signal does. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onOuterAbort = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitingSince: number | undefined;

  /** Starts to watch at once. */
  constructor(milliseconds: number, outer: AbortSignal | undefined) {
    this.signal = this.#controller.signal;
    this.#milliseconds = milliseconds;
    this.#outer = outer;
    if (outer?.aborted) this.#onOuterAbort();
    else outer?.addEventListener('abort', this.#onOuterAbort, { once: true });
    this.watch();
  }

  /** Something came, or waiting begins again: the time starts anew. One timer serves thousands of chunks. */
  watch(): void {
    this.#waitingSince = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), this.#milliseconds);
  }

  /** We are busy ourselves. */
  pause(): void {
    this.#waitingSince = undefined;
  }

  /** Ends the watch; the request goes on or has ended. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waitingSince = undefined;
    this.#outer?.removeEventListener('abort', this.#onOuterAbort);
  }

  #check(): void {
    this.#timer = undefined;
    const since = this.#waitingSince;
    const waited = since === undefined ? 0 : performance.now() - since;
    if (waited >= this.#milliseconds - 1) {
      this.#controller.abort(
        new DOMException(`The server sent nothing for ${this.#milliseconds / 1000} s.`, 'TimeoutError'),
      );
      return;
    }
    this.#timer = setTimeout(() => this.#check(), this.#milliseconds - waited);
  }
}
