/**
 * The worker's half of the protocol: an engine made callable through Comlink.
 *
 * Every call has a job number, and `cancel(job)` may overtake the call itself, because models and streams answer on ports of their
 * own: a number cancelled too early is remembered. Facades have no prototype and list their methods, so nothing else is reachable.
 */
import { proxy, type ProxyMarked, releaseProxy } from 'comlink';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { EngineModel, EngineStream } from '../engine/engine-model.ts';
import type { LoadOptions } from '../engine/options.ts';
import { carryErrorCodes } from './errors.ts';
import { type Slice, cut } from './slices.ts';
import type {
  AsrWorker,
  ModelReport,
  RemoteSize,
  StoredCheckpoint,
  WireModel,
  WireSource,
  WireStream,
} from './protocol.ts';
import { type UpdateDelta, deltaWriter } from './update-delta.ts';

/** What the worker needs of the engine; `workers/asr.worker.ts` hands it in, so that this module stays free of it. */
export interface ServedEngine {
  loadModel(
    source: WireSource,
    options: LoadOptions & { assetBase: string; expectedClass?: string },
  ): Promise<EngineModel>;
  measureRemote(source: WireSource, options: LoadOptions): Promise<RemoteSize>;
  listStored(): Promise<readonly StoredCheckpoint[]>;
  deleteStored(id: string): Promise<void>;
}

type Jobs = {
  run<T>(job: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  cancel(job: number): void;
};

/** The object to `expose` in the worker. */
export function serveEngine(engine: ServedEngine): AsrWorker {
  carryErrorCodes();
  const jobs = trackJobs();
  return facade<AsrWorker>({
    load(job, source, options, onProgress, onReport = () => {}) {
      return jobs.run(job, (signal) =>
        withCallback(onProgress, async (report) => {
          const reports = deliverTo(onReport);
          const model = await engine.loadModel(source, {
            ...options,
            signal,
            onReport: reports.send,
            ...(report && { onProgress: report }),
          });
          if (signal.aborted) await model.dispose();
          return serveModel(model, jobs, reports);
        }),
      );
    },
    measure: (job, source, options) => jobs.run(job, (signal) => engine.measureRemote(source, { ...options, signal })),
    listStored: () => engine.listStored(),
    deleteStored: (id) => engine.deleteStored(id),
    cancel: (job) => jobs.cancel(job),
  });
}

function serveModel(model: EngineModel, jobs: Jobs, reports: Delivery<ModelReport>): WireModel & ProxyMarked {
  const waiting = new Map<number, readonly Slice[]>();
  // Whoever has a result knows the report that belongs to it.
  const run: Jobs['run'] = (job, work) => jobs.run(job, work).finally(reports.arrived);
  return proxy(
    facade<WireModel>({
      describe: () => ({ info: model.info, report: model.report, cfg: model.cfg }),
      transcribe(job, audio, options, onProgress) {
        return run(job, async (signal) => {
          const results = await withCallback(onProgress, (report) =>
            model.transcribe(audio, { ...options, signal, ...(report && { onProgress: report }) }),
          );
          const { sliced, slices } = cut(results);
          if (slices.length > 0) waiting.set(job, slices);
          return sliced;
        });
      },
      async takeSlice(job, index) {
        const slices = waiting.get(job);
        const slice = slices?.[index];
        if (!slice) throw new AsrError('cancelled', 'The result was taken already, or its call cancelled.');
        if (index === slices.length - 1) waiting.delete(job);
        return slice;
      },
      call: (job, method, args) => run(job, async () => callMethod(model, method, args)),
      openStream(job, options, onUpdate) {
        return run(job, async (signal) => {
          const updates = deliverTo(onUpdate);
          const toDelta = deltaWriter();
          try {
            const stream = await model.openStream({ ...options, signal }, (update) => updates.send(toDelta(update)));
            if (signal.aborted) await stream.cancel(); // the page has given up on it: nobody else will
            throwIfAborted(signal);
            return serveStream(stream, updates, reports);
          } catch (error) {
            updates.close();
            throw error;
          }
        });
      },
      dispose: () => model.dispose(),
    }),
  );
}

function serveStream(
  stream: EngineStream,
  updates: Delivery<UpdateDelta>,
  reports: Delivery<ModelReport>,
): WireStream & ProxyMarked {
  return proxy(
    facade<WireStream>({
      push: (samples) => stream.push(samples).then(updates.arrived),
      async finish() {
        try {
          const hypothesis = await stream.finish();
          await updates.arrived();
          return hypothesis;
        } finally {
          updates.close();
          await reports.arrived();
        }
      },
      cancel: () => stream.cancel().finally(updates.close),
    }),
  );
}

/** Methods that `WireModel.call` reaches: the engine's own, never what an object inherits. */
async function callMethod(model: EngineModel, method: string, args: readonly unknown[]): Promise<unknown> {
  const candidate: unknown = Reflect.get(model, method);
  const inherited = method in Object.prototype || method === 'constructor';
  if (inherited || typeof candidate !== 'function') {
    throw new AsrError('unsupported-option', `${method}() is not available for ${model.info.className}.`);
  }
  return Reflect.apply(candidate, model, args);
}

function trackJobs(): Jobs {
  const running = new Map<number, AbortController>();
  const cancelledEarly = new Set<number>();
  return {
    async run(job, work) {
      const controller = new AbortController();
      running.set(job, controller);
      if (cancelledEarly.delete(job)) controller.abort();
      try {
        if (controller.signal.aborted) throw new AsrError('cancelled', 'The operation was cancelled.');
        return await work(controller.signal);
      } finally {
        running.delete(job);
      }
    },
    cancel(job) {
      const controller = running.get(job);
      if (controller) controller.abort();
      else cancelledEarly.add(job);
    },
  };
}

type Delivery<T> = {
  readonly send: (value: T) => void;
  /** Resolves when the page has handled everything sent: a result on its own port must not overtake the last progress. */
  readonly arrived: () => Promise<void>;
  /** Closes the port behind the callback. */
  readonly close: () => void;
};

function deliverTo<T>(callback: (value: T) => unknown): Delivery<T> {
  let last: unknown;
  let isClosed = false;
  return {
    send(value) {
      if (!isClosed) last = callback(value);
    },
    async arrived() {
      await last;
    },
    close() {
      if (isClosed) return; // Comlink throws for a port that is closed
      isClosed = true;
      const release: unknown = Reflect.get(callback, releaseProxy);
      if (typeof release === 'function') release();
    },
  };
}

async function withCallback<T, R>(
  callback: ((value: T) => void) | undefined,
  work: (report: ((value: T) => void) | undefined) => Promise<R>,
): Promise<R> {
  if (!callback) return work(undefined);
  const delivery = deliverTo(callback);
  try {
    const result = await work(delivery.send);
    await delivery.arrived();
    return result;
  } finally {
    delivery.close();
  }
}

function facade<T extends object>(methods: T): T {
  return Object.assign(Object.create(null), methods);
}
