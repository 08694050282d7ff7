/**
 * A NeMo model in the page: the handle of the one that lives in a worker of its own.
 *
 * One worker holds one model, because onnxruntime gives memory back only when its worker ends. Wrong arguments throw `TypeError` before
 * a promise is made; everything else rejects with `AsrError`.
 */
import type { Remote } from 'comlink';
import type { CheckpointFiles } from '../base/files.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { PretrainedModelInfo } from '../base/pretrained.ts';
import { listPretrained } from '../catalogue/catalogue.ts';
import { resolveAssetBase } from './asset-base.ts';
import { eachRecording, type PageAudio, toWireInputs, type TranscribeInput } from './audio-input.ts';
import { toWireCallback } from './callback.ts';
import { toWireDecoding, withWireBiasing } from './decoding-config.ts';
import type { ManifestInput } from './manifest-input.ts';
import { checkLoadOptions, checkStreamOptions, checkTranscribeOptions } from './option-check.ts';
import type { LoadOptions, ModelInfo, ModelReport, TranscribeResult, WireModel, WireSource } from './protocol.ts';
import { gather } from './slices.ts';
import { type CheckpointSource, toWireSource } from './source.ts';
import { startWorker } from './start-worker.ts';
import { TranscriptionStream } from './stream.ts';
import { type PageStreamOptions, type PageTranscribeOptions, withWireVad } from './voice-detector.ts';
import type { WorkerLink } from './worker-link.ts';

/** A loaded model and its worker, as `restoreFrom` makes them. @internal */
export type LoadedModel = {
  readonly link: WorkerLink;
  readonly source: WireSource;
  readonly remote: Remote<WireModel>;
  readonly info: ModelInfo;
  /** The newest one. */
  readonly report: ModelReport;
  readonly cfg: unknown;
};

/** A class that can restore a checkpoint: `ASRModel` and its subclasses. */
export type ModelClass<T> = (new (loaded: LoadedModel) => T) & { readonly nemoClass: string };

/** Options of `transcribe` as data, as NeMo's `get_transcribe_config()` gives them to be changed and passed on. */
export type TranscribeConfig = Required<
  Pick<PageTranscribeOptions, 'batchSize' | 'timestamps' | 'returnAlignments' | 'long'>
> &
  Pick<PageTranscribeOptions, 'channelSelector'>;

/** NeMo's `ASRModel`: opens any checkpoint; a subclass opens those of its class only. */
export class ASRModel implements AsyncDisposable {
  /** Name of the NeMo class that a checkpoint must be of; `ASRModel` takes all. */
  static readonly nemoClass: string = 'ASRModel';
  readonly #loaded: LoadedModel;

  /** @internal Use `restoreFrom` or `fromPretrained`. */
  constructor(loaded: LoadedModel) {
    this.#loaded = loaded;
  }

  /** Opens a `.nemo` or an ONNX folder (NeMo `restore_from`). */
  static restoreFrom<T>(this: ModelClass<T>, source: CheckpointSource, options: LoadOptions = {}): Promise<T> {
    return open(this, toWireSource(source), options);
  }

  /** Opens a published checkpoint by name (NeMo `from_pretrained`): built in (`sotto-tiny-en`), a name of the catalogue, or a hub repository (`owner/name`). */
  static fromPretrained<T>(this: ModelClass<T>, name: string, options: LoadOptions = {}): Promise<T> {
    if (typeof name !== 'string' || !name.trim()) throw new TypeError('name must be the name of a checkpoint');
    return open(this, { kind: 'pretrained', name: name.trim() }, options);
  }

  /** Published checkpoints of this class (NeMo `list_available_models`). */
  static listAvailableModels(this: ModelClass<unknown>): readonly PretrainedModelInfo[] {
    return listPretrained(this.nemoClass);
  }

  /** What the checkpoint is. */
  get info(): ModelInfo {
    return this.#loaded.info;
  }

  /** What runs where, and why; it changes when a GPU is lost and WASM takes over (`onReport` tells). */
  get report(): ModelReport {
    return this.#loaded.report;
  }

  /** Where it came from: what another model needs to open the same checkpoint. @internal */
  get source(): WireSource {
    return this.#loaded.source;
  }

  /** NeMo's configuration tree, read only. */
  get cfg(): unknown {
    return this.#loaded.cfg;
  }

  /** One hypothesis a recording, in order; a manifest stands for the recordings of its lines (NeMo `transcribe`). */
  transcribe(
    audio: TranscribeInput | readonly TranscribeInput[],
    options: PageTranscribeOptions = {},
  ): Promise<Hypothesis[]> {
    const results = this.transcribeWithDurations(audio, options);
    return results.then((list) => list.map(({ hypothesis }) => hypothesis));
  }

  /** As `transcribe`, with the seconds of audio of every recording, and how long ones were decoded. */
  transcribeWithDurations(
    audio: TranscribeInput | readonly TranscribeInput[],
    options: PageTranscribeOptions = {},
  ): Promise<readonly TranscribeResult[]> {
    checkTranscribeOptions(options);
    const inputs = toWireInputs(audio);
    const { signal, onProgress, ...given } = options;
    const { link, remote } = this.#loaded;
    const progress = toWireCallback(onProgress, signal);
    const plain = withWireBiasing(given);
    return link.run(async (job) => {
      const audioInputs = Array.isArray(inputs) ? inputs : await inputs;
      const sliced = await remote.transcribe(job, audioInputs, await withWireVad(plain), progress);
      return gather(sliced, (index) => remote.takeSlice(job, index));
    }, signal);
  }

  /**
   * Results batch by batch as they are done (NeMo `transcribe_generator`). Nothing runs ahead of the reader: inputs are taken when their batch
   * is asked for, so a list of any length needs the memory of one batch. Leaving the loop ends it; `config.signal` cancels a running batch.
   */
  async *transcribeGenerator(
    audio: ManifestInput | Iterable<TranscribeInput> | AsyncIterable<TranscribeInput>,
    config: PageTranscribeOptions = this.getTranscribeConfig(),
  ): AsyncGenerator<Hypothesis[]> {
    const { batchSize = this.getTranscribeConfig().batchSize, partialHypothesis, biasingRequests, ...options } = config;
    let numDone = 0;
    const transcribeBatch = (batch: readonly PageAudio[]): Promise<Hypothesis[]> => {
      const partial = partialHypothesis?.slice(numDone, numDone + batch.length);
      const requests = biasingRequests?.slice(numDone, numDone + batch.length);
      numDone += batch.length;
      return this.transcribe(batch, {
        ...options,
        batchSize,
        ...(partial && { partialHypothesis: partial }),
        ...(requests && { biasingRequests: requests }),
      });
    };
    let batch: PageAudio[] = [];
    for await (const item of eachRecording(audio)) {
      batch.push(item);
      if (batch.length < batchSize) continue;
      yield await transcribeBatch(batch);
      batch = [];
    }
    if (batch.length > 0) yield await transcribeBatch(batch);
  }

  /** The defaults of `transcribe`, to be changed and passed on (NeMo `get_transcribe_config`). */
  getTranscribeConfig(): TranscribeConfig {
    return { batchSize: 4, timestamps: false, returnAlignments: false, long: 'auto' };
  }

  /** Live recognition: push samples, read updates. */
  stream(options: PageStreamOptions = {}): TranscriptionStream {
    checkStreamOptions(options);
    return new TranscriptionStream(this.#loaded.link, this.#loaded.remote, options);
  }

  /** NeMo `change_decoding_strategy`; `decoderType` picks the head of a hybrid. */
  changeDecodingStrategy(
    config: object | null,
    options: { readonly decoderType?: 'ctc' | 'rnnt' } = {},
  ): Promise<void> {
    return this.call('changeDecodingStrategy', toWireDecoding(config), options);
  }

  /** NeMo `change_attention_model`: full or local attention. */
  changeAttentionModel(options: {
    readonly selfAttentionModel: 'rel_pos' | 'rel_pos_local_attn';
    readonly attContextSize?: readonly [number, number];
    readonly globalTokens?: number;
  }): Promise<void> {
    return this.call('changeAttentionModel', options);
  }

  /** NeMo `change_subsampling_conv_chunking_factor`: into how many chunks of time the subsampling is cut; 1 chooses by size, -1 leaves it whole. Results stay the same. */
  changeSubsamplingConvChunkingFactor(factor: number): Promise<void> {
    if (!Number.isInteger(factor)) throw new TypeError('factor must be an integer');
    return this.call('changeSubsamplingConvChunkingFactor', factor);
  }

  /** NeMo `set_default_att_context_size`: the look-ahead `[left, right]` of a cache-aware encoder in frames, `[left, chunk, right]` of one that is streamed in buffers. */
  setDefaultAttContextSize(size: readonly [number, number] | readonly [number, number, number]): Promise<void> {
    return this.call('setDefaultAttContextSize', size);
  }

  /** A `.nemo` that NeMo restores (NeMo `save_to`). */
  saveTo(): Promise<Blob> {
    return this.call('saveTo');
  }

  /** The graphs as ONNX files that any onnxruntime runs. */
  exportOnnx(options: object = {}): Promise<CheckpointFiles> {
    return this.call('exportOnnx', options);
  }

  /** Ends the model's worker and gives its memory back; calls still waiting reject with code `disposed`. */
  async dispose(): Promise<void> {
    this.#loaded.link.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Calls a method of the engine's model by name. @internal */
  protected call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { link, remote } = this.#loaded;
    return link.run((job) => remote.call(job, method, args)) as Promise<T>;
  }
}

function open<T>(Class: ModelClass<T>, source: WireSource | Promise<WireSource>, options: LoadOptions): Promise<T> {
  checkLoadOptions(options);
  const assetBase = resolveAssetBase(options.assetBase);
  return load(Class, source, { ...options, assetBase });
}

async function load<T>(
  Class: ModelClass<T>,
  source: WireSource | Promise<WireSource>,
  { signal, onProgress, onReport, ...options }: LoadOptions & { assetBase: string },
): Promise<T> {
  const wireSource = await source;
  const wireOptions = { ...options, ...(Class.nemoClass !== 'ASRModel' && { expectedClass: Class.nemoClass }) };
  const link = await startWorker({ signal });
  try {
    const progress = toWireCallback(onProgress, signal);
    let report: ModelReport | undefined;
    const told = toWireCallback((changed: ModelReport) => {
      report = changed;
      onReport?.(changed);
    }, undefined);
    // Comlink's types do not know that the worker marks its result as a proxy.
    const loading = (job: number): Promise<Remote<WireModel>> =>
      link.remote.load(job, wireSource, wireOptions, progress, told) as unknown as Promise<Remote<WireModel>>;
    const remote = await link.run(loading, signal);
    const { info, cfg, report: first } = await link.run(() => remote.describe(), signal);
    return new Class({
      link,
      remote,
      source: wireSource,
      info,
      cfg,
      get report() {
        return report ?? first;
      },
    });
  } catch (error) {
    link.terminate();
    throw error;
  }
}
