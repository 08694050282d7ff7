/** A small engine that answers with numbers of samples, behind the real protocol over a real message channel. */
import type { Remote } from 'comlink';
import { throwIfAborted } from '../../src/base/abort.ts';
import { AsrError } from '../../src/base/errors.ts';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import type { EngineModel } from '../../src/engine/engine-model.ts';
import type { ModelInfo, ModelReport, TranscribeOptions } from '../../src/engine/options.ts';
import { ASRModel } from '../../src/rpc/asr-model.ts';
import type { WireModel } from '../../src/rpc/protocol.ts';
import { serveEngine } from '../../src/rpc/serve.ts';
import { WorkerLink, type WorkerLike } from '../../src/rpc/worker-link.ts';
import { workerServing } from './port-worker.ts';

const INFO = { name: 'echo', className: 'EncDecCTCModel' } as ModelInfo;
const REPORT = { device: 'wasm', reason: 'echo' } as ModelReport;

function echoModel(log: string[]): EngineModel {
  return {
    info: INFO,
    report: REPORT,
    cfg: { sample_rate: 16000 },
    async transcribe(audio, { signal, onProgress }: TranscribeOptions = {}) {
      const results = [];
      for (const [fileIndex, samples] of (audio as Float32Array[]).entries()) {
        if (samples.length === 0) throw new AsrError('audio-empty', 'no samples');
        onProgress?.({ phase: 'transcribe', seconds: samples.length, fileIndex, text: `${samples.length}` });
        await new Promise((resolve) => setTimeout(resolve, samples.length));
        throwIfAborted(signal);
        results.push({ hypothesis: hypothesis(`${samples.length}`), duration: samples.length, long: 'full' as const });
      }
      return results;
    },
    async openStream({ chunkSeconds = 0 }, onUpdate) {
      log.push('opening');
      await new Promise((resolve) => setTimeout(resolve, chunkSeconds));
      let total = 0;
      log.push('opened');
      const update = (isFinal: boolean): void =>
        onUpdate({
          committed: isFinal ? `${total}` : '',
          draft: isFinal ? '' : `${total}`,
          words: [],
          time: total,
          isFinal,
        });
      return {
        async push(samples) {
          if (samples.length === 0) throw new AsrError('audio-empty', 'no samples');
          total += samples.length;
          update(false);
        },
        async finish() {
          update(true);
          return hypothesis(`${total}`);
        },
        async cancel() {
          log.push('cancelled');
        },
      };
    },
    async dispose() {},
  };
}

function hypothesis(text: string): Hypothesis {
  return { text, score: 0, ySequence: [], tokens: [], timestamp: { timestep: [] }, length: 0 };
}

export type Echo = {
  readonly model: ASRModel;
  readonly worker: EventTarget & WorkerLike;
  /** What became of its streams. */
  readonly log: readonly string[];
  readonly close: () => void;
};

/** An open model; opening a stream takes `chunkSeconds` milliseconds, and no samples stand for every failure. */
export async function openEcho(): Promise<Echo> {
  const log: string[] = [];
  const served = serveEngine({
    async loadModel(source) {
      if (source.kind === 'pretrained') throw new AsrError('checkpoint-not-found', `no ${source.name}`);
      return echoModel(log);
    },
    measureRemote: async () => ({ name: 'echo', bytes: 1 }),
    listStored: async () => [],
    deleteStored: async () => {},
  });
  const worker = workerServing(served);
  const link = new WorkerLink(worker);
  const source = { kind: 'url', url: 'echo:' } as const;
  const remote = await link.run(
    (job) => link.remote.load(job, source, { assetBase: '/' }) as unknown as Promise<Remote<WireModel>>,
  );
  const model = new ASRModel({ link, remote, source, ...(await link.run(() => remote.describe())) });
  return { model, worker, log, close: () => link.terminate() };
}
