/**
 * The page's half: opens checkpoints as `ASRModel`s that share one worker, and keeps the last one for the tests, which reach it through
 * `globalThis.harness`.
 */
import type { Remote } from 'comlink';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import { ASRModel } from '../../src/rpc/asr-model.ts';
import type {
  AsrWorker,
  LoadOptions,
  ModelInfo,
  ModelReport,
  StreamOptions,
  StreamUpdate,
  TranscribeOptions,
  WireModel,
} from '../../src/rpc/protocol.ts';
import type { VoiceDetectorOptions } from '../../src/rpc/voice-detector.ts';
import { WorkerLink } from '../../src/rpc/worker-link.ts';
import type { Probe, RecordedRun } from './harness.worker.ts';

/** A voice detector by the path of its checkpoint. */
type Vad = Omit<VoiceDetectorOptions, 'checkpoint'> & { readonly checkpoint: string };

/** Paths count from `e2e/fixtures`. */
export type Harness = {
  /** @param archive its path, or its bytes */
  open(
    archive: string | Uint8Array,
    options: LoadOptions,
  ): Promise<{ readonly info: ModelInfo; readonly report: ModelReport; readonly cfg: unknown }>;
  /** A method of `ASRModel` by name. */
  call(
    method: 'changeDecodingStrategy' | 'changeAttentionModel' | 'setDefaultAttContextSize',
    args: readonly unknown[],
  ): Promise<void>;
  /** Hypotheses of a list of WAV files, and where they came from, afterwards. */
  transcribe(
    clips: readonly (string | Float32Array)[],
    options: Omit<TranscribeOptions, 'vad'>,
    vad?: Vad,
  ): Promise<{ readonly hypotheses: Hypothesis[]; readonly report: ModelReport }>;
  /** A live stream of samples, given in pieces of `pieceSamples`. */
  stream(
    samples: Float32Array,
    options: Omit<StreamOptions, 'vad'> & { readonly pieceSamples: number },
  ): Promise<{ readonly hypothesis: Hypothesis; readonly updates: readonly StreamUpdate[] }>;
  record(graphs: readonly string[]): Promise<void>;
  recorded(): Promise<readonly RecordedRun[]>;
  sabotage(name: 'exp' | 'tanh'): Promise<void>;
  weaken(graph: string): Promise<void>;
};

const assetBase = new URL(location.href).searchParams.get('assets') as string;
const fixtures = new URL(location.href).searchParams.get('fixtures') as string;
const worker = new Worker(new URL('./harness.worker.ts', import.meta.url), { type: 'module' });
const link = new WorkerLink(worker);
const remote = link.remote as Remote<AsrWorker & Probe>;

let model: ASRModel;
let release: () => Promise<void> = async () => {};

const harness: Harness = {
  async open(archive, options) {
    const isPath = typeof archive === 'string';
    const file = isPath ? await fixture(archive) : new Blob([archive as Uint8Array<ArrayBuffer>]);
    const name = isPath ? (archive.split('/').at(-1) as string) : 'model.nemo';
    const wireSource = { kind: 'file', file, name } as const;
    const loading = (job: number) =>
      remote.load(job, wireSource, { cache: false, ...options, assetBase }) as unknown as Promise<Remote<WireModel>>;
    const loaded = await link.run(loading);
    model = new ASRModel({ link, source: wireSource, remote: loaded, ...(await loaded.describe()) });
    // Only now: with its last session onnxruntime forgets the device and every shader. `ASRModel.dispose` would end the worker.
    await release();
    release = () => loaded.dispose();
    return { info: model.info, report: model.report, cfg: model.cfg };
  },
  call: (method, args) => (model[method] as (...args: readonly unknown[]) => Promise<void>)(...args),
  async transcribe(clips, options, vad) {
    const files = await Promise.all(clips.map((clip) => (typeof clip === 'string' ? fixture(clip) : clip)));
    const detector = vad && { vad: { ...vad, checkpoint: new File([await fixture(vad.checkpoint)], 'vad.nemo') } };
    return { hypotheses: await model.transcribe(files, { ...options, ...detector }), report: model.report };
  },
  async stream(samples, { pieceSamples, ...options }) {
    const stream = model.stream(options);
    const updates: StreamUpdate[] = [];
    const reading = (async () => {
      for await (const update of stream) updates.push(update);
    })();
    for (let from = 0; from < samples.length; from += pieceSamples)
      await stream.push(samples.slice(from, from + pieceSamples));
    const hypothesis = await stream.finish();
    await reading;
    return { hypothesis, updates };
  },
  record: (graphs) => remote.record(graphs) as Promise<void>,
  sabotage: (name) => remote.sabotage(name) as Promise<void>,
  weaken: (graph) => remote.weaken(graph) as Promise<void>,
  recorded: () => remote.recorded() as Promise<readonly RecordedRun[]>,
};
Object.assign(globalThis, { harness });

async function fixture(path: string): Promise<Blob> {
  const response = await fetch(`${fixtures}/${path}`);
  if (!response.ok) throw new Error(`no fixture ${path}`);
  return response.blob();
}
