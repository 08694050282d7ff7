/**
 * Live recognition as the page sees it: samples go in, updates come out of the async iterator.
 *
 * Updates are whole states (only their way from the worker is differences), so a reader that is slow gets only the newest one and nothing queues up. `push` resolves
 * when its samples are decoded: a producer that awaits it never runs ahead of a slow device, one that does not await loses no audio.
 */
import { type Remote, releaseProxy } from 'comlink';
import { AsrError, isAsrError } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { toWireCallback } from './callback.ts';
import { toWireDecoding } from './decoding-config.ts';
import type { StreamUpdate, WireModel, WireStream } from './protocol.ts';
import { type UpdateDelta, deltaReader } from './update-delta.ts';
import { type PageStreamOptions, withWireVad } from './voice-detector.ts';
import type { WorkerLink } from './worker-link.ts';

/** A running recognition, made by `ASRModel.stream`. */
export class TranscriptionStream implements AsyncIterable<StreamUpdate>, AsyncDisposable {
  readonly #link: WorkerLink;
  readonly #signal: AbortSignal | undefined;
  readonly #opened: Promise<Remote<WireStream>>;
  #latest: StreamUpdate | undefined;
  #ended = false;
  #error: unknown;
  #waiting: (() => void)[] = [];

  /** Use `ASRModel.stream`. */
  constructor(link: WorkerLink, model: Remote<WireModel>, { signal, onProgress, ...options }: PageStreamOptions) {
    this.#link = link;
    this.#signal = signal;
    const whole = deltaReader();
    const onUpdate = toWireCallback((delta: UpdateDelta) => {
      const update = whole(delta);
      onProgress?.({ phase: 'transcribe', seconds: update.time, fileIndex: 0, text: update.committed + update.draft });
      this.#show(update);
    }, signal);
    const biasingRequest = toWireDecoding(options.biasingRequest);
    this.#opened = link.run(
      async (job) =>
        (await model.openStream(
          job,
          await withWireVad(biasingRequest ? { ...options, biasingRequest } : options),
          onUpdate,
        )) as unknown as Remote<WireStream>,
      signal,
    );
    this.#opened.catch((error) => this.#close(error));
    signal?.addEventListener('abort', this.#abort);
  }

  /** Adds mono samples at the stream's rate; resolves when they are decoded. Rejects after `finish` or `cancel`. */
  push(samples: Float32Array): Promise<void> {
    if (!(samples instanceof Float32Array)) throw new TypeError('samples must be a Float32Array');
    return this.#call((stream) => stream.push(samples));
  }

  /** Settles everything pushed so far and ends the stream. */
  async finish(): Promise<Hypothesis> {
    const hypothesis = await this.#call((stream) => stream.finish());
    this.#close();
    (await this.#opened)[releaseProxy]();
    return hypothesis;
  }

  /** Ends the stream without settling; the iterator simply stops. */
  async cancel(): Promise<void> {
    if (this.#ended) return;
    this.#close();
    await this.#drop();
  }

  /** The newest state each time, until the stream ends; throws what ended it when that was an error. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamUpdate> {
    let shown: StreamUpdate | undefined;
    while (true) {
      if (this.#latest && this.#latest !== shown) {
        shown = this.#latest;
        yield shown;
      } else if (this.#ended) {
        if (this.#error !== undefined && !isAsrError(this.#error, 'cancelled')) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  async #call<T>(use: (stream: Remote<WireStream>) => Promise<T>): Promise<T> {
    if (this.#ended) throw this.#error ?? new AsrError('disposed', 'The stream has ended; open a new one.');
    try {
      const stream = await this.#opened;
      return await this.#link.run(() => use(stream), this.#signal);
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  /** Without a call under way nobody else would notice that the signal has fired: the reader would wait for ever. */
  readonly #abort = (): void =>
    this.#end(new AsrError('cancelled', 'The stream was cancelled.', { cause: this.#signal?.reason }));

  /** What breaks the stream off here ends it in the worker too, which holds its sound and caches. */
  #end(error: unknown): void {
    if (this.#ended) return;
    this.#close(error);
    this.#drop().catch(() => {}); // a worker that cannot be told has ended
  }

  async #drop(): Promise<void> {
    const stream = await this.#opened.catch(() => undefined);
    if (!stream || this.#link.end) return;
    await this.#link.run(() => stream.cancel());
    stream[releaseProxy]();
  }

  #show(update: StreamUpdate): void {
    if (this.#ended) return;
    this.#latest = update;
    this.#notify();
  }

  #close(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
