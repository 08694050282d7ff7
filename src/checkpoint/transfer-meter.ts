/** Turns arriving bytes into `download` progress: at most ten reports a second, with a rate that follows the line without jumping. */
import type { OnProgress } from '../base/progress.ts';

const REPORT_SECONDS = 0.1;
/** Time constant of the moving average. */
const SMOOTHING_SECONDS = 3;

/** Counts one transfer, of one or several files. */
export class TransferMeter {
  readonly #onProgress: OnProgress | undefined;
  readonly #totalBytes: number;
  #loadedBytes = 0;
  #newBytes = 0;
  #since: number = performance.now();
  #bytesPerSecond: number | undefined;

  constructor(totalBytes: number, onProgress: OnProgress | undefined) {
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
  }

  /** Bytes that were there already: they count as loaded, not as speed. Negative when some had to be thrown away. */
  skip(bytes: number): void {
    this.#loadedBytes += bytes;
    this.report();
  }

  /** Bytes that have just come. */
  add(bytes: number): void {
    this.#loadedBytes += bytes;
    this.#newBytes += bytes;
    const seconds = (performance.now() - this.#since) / 1000;
    if (seconds < REPORT_SECONDS) return;

    const current = this.#newBytes / seconds;
    const previous = this.#bytesPerSecond ?? current;
    this.#bytesPerSecond = previous + (current - previous) * (1 - Math.exp(-seconds / SMOOTHING_SECONDS));
    this.#since = performance.now();
    this.#newBytes = 0;
    this.report();
  }

  /** Reports now: at the start, and at the end so that the last number is the total. */
  report(): void {
    const seconds = (performance.now() - this.#since) / 1000;
    this.#onProgress?.({
      phase: 'download',
      loadedBytes: this.#loadedBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: this.#bytesPerSecond ?? (seconds > 0 ? this.#newBytes / seconds : 0),
    });
  }
}
