/**
 * Recordings waiting for, in, or through transcription. One at a time: two at once help nobody on one device.
 *
 * A job object is replaced, never changed, so a view compares identities. A cancelled or failed job keeps the text it had and can be
 * tried again; it never stops the others.
 */
import { isAsrError } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { Progress } from '../base/progress.ts';
import { deviceWords } from './device-words.ts';
import { NO_ESTIMATE, type Estimate, estimateRemaining } from './remaining.ts';
import type { ModelHost } from './model-host.ts';

/** One recording. */
export type Job = {
  readonly id: number;
  /** Which call of `add` it came with. */
  readonly batch: number;
  readonly file: File;
  readonly status: 'waiting' | 'opening' | 'reading' | 'transcribing' | 'done' | 'failed' | 'cancelled';
  /** Text so far: `settled` was there before the last report, `draft` came with it. */
  readonly settled: string;
  readonly draft: string;
  readonly progress: Progress | undefined;
  readonly secondsLeft: number | undefined;
  readonly hypothesis?: Hypothesis;
  /** Seconds of audio, when done. */
  readonly duration?: number;
  /** Seconds of audio a second of work. */
  readonly speed?: number;
  /** `WebGPU` or `WASM`, as it ran. */
  readonly device?: string;
  readonly error?: unknown;
};

/** A serial queue. Dispatches `change`. */
export class JobQueue extends EventTarget {
  readonly #host: () => ModelHost;
  readonly #aborts = new Map<number, AbortController>();
  #jobs: readonly Job[] = [];
  #lastId = 0;
  #lastBatch = 0;
  #running = false;

  /** @param host asked anew for every job */
  constructor(host: () => ModelHost) {
    super();
    this.#host = host;
  }

  /** Newest last. */
  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** Adds recordings and starts when idle; returns their ids. */
  add(files: Iterable<File>): number[] {
    const batch = ++this.#lastBatch;
    const jobs = [...files].map((file): Job => ({ id: ++this.#lastId, batch, file, ...FRESH }));
    this.#jobs = [...this.#jobs, ...jobs];
    this.#changed();
    this.#run().catch(reportError);
    return jobs.map(({ id }) => id);
  }

  /** Stops one job, keeping its text. */
  cancel(id: number): void {
    const job = this.#find(id);
    if (job?.status === 'waiting') this.#update(id, { status: 'cancelled' });
    this.#aborts.get(id)?.abort();
  }

  /** Puts a stopped or failed job back in line. */
  retry(id: number): void {
    const job = this.#find(id);
    if (!job || (job.status !== 'failed' && job.status !== 'cancelled')) return;
    const { file, batch } = job;
    this.#jobs = this.#jobs.map((other) => (other.id === id ? { id, batch, file, ...FRESH } : other));
    this.#changed();
    this.#run().catch(reportError);
  }

  /** Takes a job off the list, stopping it first. */
  remove(id: number): void {
    this.cancel(id);
    this.#jobs = this.#jobs.filter((job) => job.id !== id);
    this.#changed();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let job = this.#next(); job; job = this.#next()) await this.#transcribe(job);
    } finally {
      this.#running = false;
    }
  }

  #next(): Job | undefined {
    return this.#jobs.find(({ status }) => status === 'waiting');
  }

  async #transcribe({ id, file }: Job): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#aborts.set(id, controller);
    this.#update(id, { status: 'opening' });
    const host = this.#host();
    try {
      const model = await untilAborted(host.model(), signal);
      this.#update(id, { status: 'reading' });
      const startedAt = performance.now();
      const onProgress = this.#reporter(id);
      const [result] = await model.transcribeWithDurations(file, { timestamps: true, signal, onProgress });
      if (!result) throw new Error('no result');
      const { hypothesis, duration } = result;
      const speed = (duration * 1000) / Math.max(1, performance.now() - startedAt);
      const device = deviceWords(model.report.device);
      this.#update(id, { status: 'done', hypothesis, duration, speed, device, settled: hypothesis.text, draft: '' });
    } catch (error) {
      host.noteFailure(error);
      const job = this.#find(id);
      const settled = job ? job.settled + job.draft : '';
      const status = signal.aborted || isAsrError(error, 'cancelled') ? 'cancelled' : 'failed';
      this.#update(id, { status, settled, draft: '', ...(status === 'failed' && { error }) });
    } finally {
      this.#aborts.delete(id);
    }
  }

  #reporter(id: number): (progress: Progress) => void {
    let estimate: Estimate = NO_ESTIMATE;
    let shown = '';
    return (progress) => {
      if (progress.phase !== 'transcribe') return this.#update(id, { progress });
      if (progress.totalSeconds)
        estimate = estimateRemaining(estimate, progress.seconds, progress.totalSeconds, performance.now());
      const settled = progress.text.startsWith(shown) ? shown : '';
      shown = progress.text;
      const draft = progress.text.slice(settled.length);
      this.#update(id, { status: 'transcribing', progress, settled, draft, secondsLeft: estimate.secondsLeft });
    };
  }

  #find(id: number): Job | undefined {
    return this.#jobs.find((job) => job.id === id);
  }

  #update(id: number, change: Partial<Job>): void {
    this.#jobs = this.#jobs.map((job) => (job.id === id ? { ...job, ...change } : job));
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

const FRESH = { status: 'waiting', settled: '', draft: '', progress: undefined, secondsLeft: undefined } as const;

/** The promise, or a rejection when the signal fires first: a model goes on opening for the jobs behind the cancelled one. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.onabort = () => reject(signal.reason);
    promise.then(resolve, reject);
  });
}
