/**
 * A checkpoint that transcribes: front end, encoder, head and text put together. Lives in the worker (or in Node).
 *
 * Inputs flow as a stream of windows: decoded block by block, encoded, decoded to tokens, joined per recording. Results never depend on how
 * windows were grouped, because every clip of a batch is masked to its own length.
 */
import type { MelConfig, MelExtractor } from '../audio/mel.ts';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { openAudio } from './audio-source.ts';
import { type Decoded, type Prepared, decodeClips, prepareClips } from './decode-clips.ts';
import type { EncoderRunner } from './encoder-runner.ts';
import { type DecodedWindow, HypothesisWriter } from './hypothesis.ts';
import type { ModelInfo, ModelReport, AudioInput, StreamOptions, StreamUpdate, TranscribeOptions, TranscribeResult } from './options.ts';
import type { ModelSessions } from './sessions.ts';
import { openStream } from './streaming.ts';
import { type AudioWindow, cutWindows } from './windows.ts';

export interface EngineStream {
  /** Mono samples at the stream's rate; resolves when they are decoded. */
  push(samples: Float32Array): Promise<void>;
  /** Decodes what is left; the stream is over. */
  finish(): Promise<Hypothesis>;
  cancel(): Promise<void>;
}

export interface EngineModel {
  readonly info: ModelInfo;
  readonly report: ModelReport;
  /** NeMo's config tree. */
  readonly cfg: unknown;
  transcribe(audio: readonly AudioInput[], options?: TranscribeOptions): Promise<readonly TranscribeResult[]>;
  openStream(options: StreamOptions, onUpdate: (update: StreamUpdate) => void): Promise<EngineStream>;
  dispose(): Promise<void>;
}

export type EngineParts = {
  readonly spec: ModelSpec;
  readonly info: ModelInfo;
  readonly cfg: unknown;
  readonly mel: MelExtractor;
  readonly melConfig: MelConfig;
  readonly sessions: ModelSessions;
  readonly encoder: EncoderRunner;
  readonly writer: HypothesisWriter;
  readonly report: () => ModelReport;
};

const DEFAULT_BATCH_SIZE = 4;

export class LoadedModel implements EngineModel {
  readonly parts: EngineParts;
  decoder: 'ctc' | 'transducer';
  maxSymbols: number;
  context: ContextSize;
  #disposed = false;

  constructor(parts: EngineParts) {
    this.parts = parts;
    this.decoder = parts.spec.defaultDecoder;
    this.maxSymbols = parts.spec.maxSymbols;
    this.context = defaultContext(parts.spec);
  }

  get info(): ModelInfo {
    return this.parts.info;
  }

  get report(): ModelReport {
    return this.parts.report();
  }

  get cfg(): unknown {
    return this.parts.cfg;
  }

  /** The head in use, by the name timestamps go by. */
  get decoderKind(): 'ctc' | 'rnnt' | 'tdt' {
    return this.decoder === 'ctc' ? 'ctc' : (this.parts.spec.transducer?.kind ?? 'rnnt');
  }

  async transcribe(audio: readonly AudioInput[], options: TranscribeOptions = {}): Promise<readonly TranscribeResult[]> {
    this.#assertUsable();
    if (audio.length === 0) throw new TypeError('transcribe() needs at least one recording.');
    if (options.long === 'buffered') throw new AsrError('unsupported-option', 'long "buffered" is not supported yet; use "auto", "full" or "pauses".');
    const job = new TranscribeJob(this, audio, options);
    return job.run();
  }

  async openStream(options: StreamOptions, onUpdate: (update: StreamUpdate) => void): Promise<EngineStream> {
    this.#assertUsable();
    return openStream(this, options, onUpdate);
  }

  /** NeMo `change_decoding_strategy`. Today greedy strategies; `decoderType` switches the head of hybrids. */
  changeDecodingStrategy(config: { strategy?: string; greedy?: { maxSymbols?: number | null } } | undefined, { decoderType }: { decoderType?: 'ctc' | 'rnnt' } = {}): void {
    const { spec } = this.parts;
    if (decoderType === 'ctc' && !spec.ctc) throw new AsrError('unsupported-option', `${spec.className} has no CTC head.`);
    if (decoderType === 'rnnt' && !spec.transducer) throw new AsrError('unsupported-option', `${spec.className} has no transducer head.`);
    const strategy = config?.strategy ?? 'greedy_batch';
    if (strategy !== 'greedy' && strategy !== 'greedy_batch') {
      throw new AsrError('unsupported-option', `Decoding strategy ${strategy} is not supported yet; use greedy or greedy_batch.`);
    }
    if (decoderType) this.decoder = decoderType === 'ctc' ? 'ctc' : 'transducer';
    const maxSymbols = config?.greedy?.maxSymbols;
    if (maxSymbols !== undefined) this.maxSymbols = maxSymbols ?? Number.MAX_SAFE_INTEGER;
  }

  /** NeMo `encoder.set_default_att_context_size`: the look-ahead of cache-aware checkpoints, offline and streaming. */
  setDefaultAttContextSize(size: readonly [number, number]): void {
    const { encoder } = this.parts.spec;
    const known = encoder.kind === 'conformer' ? encoder.contexts.find((context) => context.join() === size.join()) : undefined;
    if (!known) {
      const offered = encoder.kind === 'conformer' ? JSON.stringify(encoder.contexts) : 'none';
      throw new AsrError('unsupported-option', `attContextSize [${size.join(', ')}] is not one of the checkpoint's: ${offered}.`);
    }
    this.context = known;
  }

  /** NeMo's memory switch for long audio. Windows are bounded here anyway, and results never change, so any legal value is accepted. */
  changeSubsamplingConvChunkingFactor(factor: number): void {
    const isPower = Number.isInteger(factor) && factor > 0 && (factor & (factor - 1)) === 0;
    if (factor !== -1 && !isPower) throw new TypeError('The chunking factor must be -1, 1 or a power of 2.');
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.parts.sessions[Symbol.asyncDispose]();
  }

  #assertUsable(): void {
    if (this.#disposed) throw new AsrError('disposed', 'The model was disposed; load it again.');
  }
}

type PendingWindow = AudioWindow & { readonly fileIndex: number };
type FileResult = { readonly windows: DecodedWindow[]; numSamples: number };

/** One call of `transcribe`: gathers windows of all recordings into batches and hands out progress. */
class TranscribeJob {
  readonly #model: LoadedModel;
  readonly #audio: readonly AudioInput[];
  readonly #options: TranscribeOptions;
  readonly #files: FileResult[];
  #pending: PendingWindow[] = [];

  constructor(model: LoadedModel, audio: readonly AudioInput[], options: TranscribeOptions) {
    this.#model = model;
    this.#audio = audio;
    this.#options = options;
    this.#files = audio.map(() => ({ windows: [], numSamples: 0 }));
  }

  async run(): Promise<TranscribeResult[]> {
    const { spec, writer } = this.#model.parts;
    const { signal, channelSelector, long = 'auto', timestamps = false, batchSize = DEFAULT_BATCH_SIZE } = this.#options;
    const { sampleRate, hopLength } = spec.mel;
    const frameSamples = hopLength * frameFactor(spec.encoder);

    for (const [fileIndex, input] of this.#audio.entries()) {
      const blocks = openAudio(input, { sampleRate, ...(channelSelector === undefined ? {} : { channelSelector }), ...(signal ? { signal } : {}) });
      for await (const window of cutWindows(blocks, { sampleRate, frameSamples, long })) {
        throwIfAborted(signal);
        this.#pending.push({ ...window, fileIndex });
        // A single long recording is decoded window by window, so that text appears early.
        if (this.#pending.length >= (this.#audio.length === 1 ? 1 : batchSize)) await this.#flush(frameSamples);
      }
    }
    await this.#flush(frameSamples);
    return this.#files.map(({ windows, numSamples }) => ({
      hypothesis: writer.write(windows, { timestamps, decoder: this.#model.decoderKind }),
      duration: numSamples / sampleRate,
    }));
  }

  /** Encodes and decodes the pending windows together. */
  async #flush(frameSamples: number): Promise<void> {
    const windows = this.#pending;
    this.#pending = [];
    if (windows.length === 0) return;
    throwIfAborted(this.#options.signal);
    const decoded = await this.#model.parts.sessions.withFallback(() => this.#decode(windows));
    windows.forEach(({ fileIndex, samples, start }, index) => {
      const file = this.#files[fileIndex] as FileResult;
      file.windows.push({ decoded: decoded[index] as Decoded, startFrame: start / frameSamples });
      file.numSamples = start + samples.length;
    });
    this.#reportProgress((windows.at(-1) as PendingWindow).fileIndex);
  }

  async #decode(windows: readonly PendingWindow[]): Promise<Decoded[]> {
    const { mel, encoder, sessions, spec } = this.#model.parts;
    const { signal, returnAlignments = false } = this.#options;
    const { decoder, maxSymbols, context } = this.#model;
    const headOptions = { decoder, maxSymbols, keepAlignments: returnAlignments, ...(signal ? { signal } : {}) };
    const features = windows.map((window) => mel.extract(window.samples));
    const clips: Prepared[] = Array(windows.length).fill({ decoded: { emissions: [], score: 0, length: 0, timestep: [] } });

    for (const group of groupForEncoder(features.map((clip) => clip.numFrames), sessions.deviceOf('encoder') === 'webgpu')) {
      throwIfAborted(signal);
      const encoded = await encoder.encode(group.map((index) => features[index] as (typeof features)[number]), context);
      try {
        const prepared = await prepareClips(sessions, spec, encoded, headOptions);
        group.forEach((index, position) => {
          clips[index] = prepared[position] as Prepared;
        });
      } finally {
        encoded.tensor.dispose();
      }
    }
    return decodeClips(sessions, spec, clips, headOptions);
  }

  #reportProgress(fileIndex: number): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const { writer, spec } = this.#model.parts;
    const seconds = this.#files.reduce((sum, file) => sum + file.numSamples, 0) / spec.mel.sampleRate;
    const text = writer.textOf((this.#files[fileIndex] as FileResult).windows);
    onProgress({ phase: 'transcribe', seconds, fileIndex, text });
  }
}

/** Padding wasted in a batch at most, as a share of the longest clip. */
const MAX_PADDING = 0.2;

/**
 * Indices of the clips that are encoded together: similar lengths on a GPU; one by one on WASM, where a batch saves nothing and padding costs.
 * Clips without a single frame are left out: their result is empty.
 */
function groupForEncoder(lengths: readonly number[], batched: boolean): number[][] {
  const order = lengths.map((_, index) => index).filter((index) => (lengths[index] as number) > 0);
  if (!batched) return order.map((index) => [index]);
  order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  const groups: number[][] = [];
  for (const index of order) {
    const group = groups.at(-1);
    if (group && (lengths[index] as number) >= (1 - MAX_PADDING) * (lengths[group[0] as number] as number)) group.push(index);
    else groups.push([index]);
  }
  return groups;
}

function defaultContext({ encoder }: ModelSpec): ContextSize {
  return encoder.kind === 'conformer' ? (encoder.contexts[0] as ContextSize) : [-1, -1];
}
