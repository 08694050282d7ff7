/**
 * One worker and every call that is waiting for it.
 *
 * A dead worker answers nothing, and Comlink would leave its promises pending for ever: all calls go through `run`, which rejects
 * them when the worker fails or is ended. `run` is also where an `AbortSignal`, which cannot be posted, becomes `cancel(job)`.
 */
import { type Remote, wrap } from 'comlink';
import { AsrError, type ErrorCode } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';
import { carryErrorCodes } from './errors.ts';
import type { AsrWorker } from './protocol.ts';

/** The part of `Worker` that is used, so that a `MessagePort` can stand in for it. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener' | 'terminate'>;

let lastJob = 0;

/** Owns a worker from its start to `terminate`. */
export class WorkerLink {
  readonly remote: Remote<AsrWorker>;
  readonly #worker: WorkerLike;
  readonly #rejections = new Set<(error: AsrError) => void>();
  #end: AsrError | undefined;

  constructor(worker: WorkerLike) {
    carryErrorCodes();
    this.#worker = worker;
    this.remote = wrap<AsrWorker>(worker as Worker);
    worker.addEventListener('error', (event) => this.#fail(describeCrash(event)));
    worker.addEventListener('messageerror', () =>
      this.#fail(
        new AsrError(
          'device-lost',
          'The recognition worker sent something unreadable and was stopped. Open the model again.',
        ),
      ),
    );
  }

  /** Why the worker is gone; undefined while it lives. */
  get end(): AsrError | undefined {
    return this.#end;
  }

  /**
   * Runs one call with a job number of its own. Rejects at once when `signal` fires (the worker stops within one window of audio)
   * and when the worker ends.
   */
  run<T>(start: (job: number) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#end) return Promise.reject(this.#end);
    const job = ++lastJob;
    return new Promise<T>((resolve, reject) => {
      throwIfAborted(signal);
      const settle = (): void => {
        this.#rejections.delete(fail);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error);
      };
      const abort = (): void => {
        this.remote.cancel(job).catch(() => {}); // a worker that cannot be told has ended, which rejects the call anyway
        fail(new AsrError('cancelled', 'The operation was cancelled.', { cause: signal?.reason }));
      };
      this.#rejections.add(fail);
      signal?.addEventListener('abort', abort);
      start(job).then((value) => {
        settle();
        resolve(value);
      }, fail);
    });
  }

  /** Ends the worker; calls still waiting reject with `reason`. */
  terminate(reason: AsrError = new AsrError('disposed', 'The model has been disposed of.')): void {
    if (this.#end) return;
    this.#fail(reason);
  }

  #fail(error: AsrError): void {
    if (this.#end) return;
    this.#end = error;
    this.#worker.terminate();
    for (const reject of [...this.#rejections]) reject(error);
  }
}

function describeCrash(event: ErrorEvent | Event): AsrError {
  const message = 'message' in event ? event.message : '';
  if (!message) {
    return new AsrError(
      'download-failed',
      'The recognition worker could not be started, or one of its files could not be fetched.',
    );
  }
  const code: ErrorCode = /memory|allocation/i.test(message) ? 'out-of-memory' : 'device-lost';
  return new AsrError(code, `The recognition worker stopped: ${message}. Open the model again.`);
}
