/** One call of `transcribe`: recordings flow through as windows, are decoded in groups, and joined per recording. */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { frameFactor } from '../model/encoder.ts';
import { isForChunks, overlappingChunks } from './aed-chunks.ts';
import { countSamples, openAudio } from './audio-source.ts';
import { loadBiasing } from './biasing.ts';
import { decodeBuffered } from './buffered-decoding.ts';
import { type BufferedPlan, planBuffered, takesChunks } from './buffered-options.ts';
import type { AudioInput, LongAudioMode, TranscribeOptions, TranscribeResult } from './options.ts';
import { RecordingResult } from './recording-result.ts';
import type { RunningModel } from './running-model.ts';
import type { VoiceDetector } from './voice-detector.ts';
import { wholeSeconds } from './whole-seconds.ts';
import { DEFAULT_BATCH_SIZE, WindowDecoder, type WindowToDecode } from './window-decoder.ts';
import { AED_FULL_SECONDS, type AudioWindow, FULL_SECONDS, cutWindows } from './windows.ts';

/** Batches' worth of windows that wait on a GPU, to be batched with others of their length. */
const POOL_BATCHES = 4;
/** Audio that waits at most, so that memory is bounded whatever the batch size. */
const POOL_SECONDS = 600;
/** Audio between two reports of a buffered recording. */
const PROGRESS_SECONDS = 10;
/** A buffered recording's text is written anew for every report; the work between two takes this many times as long at least. */
const WORK_PER_REPORT = 10;

type PendingWindow = WindowToDecode & { readonly fileIndex: number; readonly overlaps?: boolean };

/** Gathers windows of all recordings into batches and hands out progress. */
export class TranscribeJob {
  readonly #model: RunningModel;
  readonly #audio: readonly AudioInput[];
  readonly #options: TranscribeOptions;
  readonly #recordings: readonly RecordingResult[];
  readonly #decoder: WindowDecoder;
  #biasing: readonly (WeightedFusion | undefined)[] = [];
  #pending: PendingWindow[] = [];
  #pendingSamples = 0;

  constructor(model: RunningModel, audio: readonly AudioInput[], options: TranscribeOptions) {
    this.#model = model;
    this.#audio = audio;
    this.#options = options;
    this.#recordings = audio.map(() => new RecordingResult(model));
    this.#decoder = new WindowDecoder(model, options);
  }

  async run(): Promise<TranscribeResult[]> {
    const { spec } = this.#model.parts;
    const { long = 'auto', timestamps = false, biasingRequests = [] } = this.#options;
    // An attention decoder reads whole windows; of those it gets fixed ones.
    const plan = long === 'buffered' && spec.aed === undefined ? planBuffered(this.#model, this.#options) : undefined;
    const mayOverlap = spec.aed !== undefined && takesChunks(this.#model, this.#options, long);
    const detector = await openDetector(this.#model, this.#options, long);
    this.#biasing = await loadBiasing(this.#model, biasingRequests);

    for (const [fileIndex, input] of this.#audio.entries()) {
      if (plan) await this.#decodeBuffered(input, fileIndex, plan);
      else if (mayOverlap) await this.#take(fileIndex, await this.#chunksOrWindows(input, fileIndex, detector));
      else await this.#take(fileIndex, this.#windows(input, detector));
    }
    await this.#flush();
    return this.#recordings.map((recording) => recording.finish(long, timestamps));
  }

  #open(input: AudioInput): AsyncIterable<Float32Array> {
    const { spec } = this.#model.parts;
    const { channelSelector, signal } = this.#options;
    return openAudio(input, {
      sampleRate: spec.mel.sampleRate,
      padsFiles: spec.aed !== undefined,
      ...(channelSelector === undefined ? {} : { channelSelector }),
      ...(signal ? { signal } : {}),
    });
  }

  #windows(input: AudioInput, detector: VoiceDetector | undefined): AsyncIterable<AudioWindow> {
    const { sampleRate } = this.#model.parts.spec.mel;
    const { long = 'auto', signal } = this.#options;
    return cutWindows(this.#open(input), {
      sampleRate,
      frameSamples: this.#frameSamples,
      long,
      fullSeconds: this.#fullSeconds(),
      ...(detector ? { findSpeech: (samples) => detector.stretches(samples, sampleRate, signal) } : {}),
    });
  }

  /** The size of a chunk depends on the length, which only decoding tells; twice is still little beside the model's work. */
  async #chunksOrWindows(
    input: AudioInput,
    fileIndex: number,
    detector: VoiceDetector | undefined,
  ): Promise<AsyncIterable<AudioWindow>> {
    const { sampleRate } = this.#model.parts.spec.mel;
    const total = await countSamples(this.#open(input));
    if (!isForChunks(total, sampleRate)) return this.#windows(input, detector);
    this.#recording(fileIndex).isInChunks = true;
    return overlappingChunks(this.#open(input), { total, sampleRate });
  }

  /** Pools windows until there are enough to decode together. */
  async #take(fileIndex: number, windows: AsyncIterable<AudioWindow & { readonly overlaps?: boolean }>): Promise<void> {
    const { sampleRate } = this.#model.parts.spec.mel;
    const { signal, batchSize = DEFAULT_BATCH_SIZE, partialHypothesis } = this.#options;
    const own = { fileIndex, biasing: this.#biasing[fileIndex], partial: partialHypothesis?.[fileIndex] ?? undefined };
    for await (const window of windows) {
      throwIfAborted(signal);
      this.#pending.push({ ...window, ...own });
      this.#pendingSamples += window.samples.length;
      if (this.#pending.length >= this.#poolSize(batchSize) || this.#pendingSamples >= POOL_SECONDS * sampleRate)
        await this.#flush();
    }
  }

  /** Decodes the pending windows together. */
  async #flush(): Promise<void> {
    const windows = this.#pending;
    this.#pending = [];
    this.#pendingSamples = 0;
    const last = windows.at(-1);
    if (!last) return;
    throwIfAborted(this.#options.signal);
    const isTold = this.#options.onProgress !== undefined;
    for (const [window, decoded] of await this.#decoder.decode(windows, this.#frameSamples)) {
      const { fileIndex, samples, start, overlaps = false } = window;
      this.#recording(fileIndex).add(decoded, { end: start + samples.length, overlaps, isTold });
    }
    this.#reportProgress(last.fileIndex);
  }

  /** A recording by itself, piece by piece. */
  async #decodeBuffered(input: AudioInput, fileIndex: number, plan: BufferedPlan): Promise<void> {
    const recording = this.#recording(fileIndex);
    const { sampleRate } = this.#model.parts.spec.mel;
    let nextReport = 0;
    const { decoded, numSamples } = await decodeBuffered(this.#model, this.#open(input), {
      plan,
      language: this.#options.targetLang,
      signal: this.#options.signal,
      biasing: this.#biasing[fileIndex],
      onPiece: (soFar, samples) => {
        const startedAt = performance.now();
        if (!this.#options.onProgress || startedAt < nextReport) return;
        if (samples - recording.numSamples < PROGRESS_SECONDS * sampleRate) return;
        recording.replace({ decoded: soFar(), startFrame: 0 }, samples);
        this.#reportProgress(fileIndex);
        const now = performance.now();
        nextReport = now + WORK_PER_REPORT * (now - startedAt);
      },
    });
    recording.replace({ decoded, startFrame: 0 }, numSamples);
    this.#reportProgress(fileIndex);
  }

  /** Samples an encoder frame spans. */
  get #frameSamples(): number {
    const { mel, encoder } = this.#model.parts.spec;
    return mel.hopLength * frameFactor(encoder);
  }

  /** How long a recording stays whole in `auto`. */
  #fullSeconds(): number {
    const { encoder, spec, info, report } = this.#model.parts;
    return wholeSeconds({
      encoder: encoder.spec,
      context: this.#model.context,
      chunkingFactor: encoder.chunkingFactor,
      numParameters: info.numParameters,
      precision: report().precision,
      frameRate: spec.mel.sampleRate / spec.mel.hopLength,
      maxSeconds: spec.aed ? AED_FULL_SECONDS : FULL_SECONDS,
    });
  }

  /** Windows that are waited for. The first one of a single recording is decoded at once, so that text appears early. */
  #poolSize(batchSize: number): number {
    const { isBatched } = this.#decoder;
    if (this.#audio.length === 1) return isBatched && this.#recording(0).hasWindows ? batchSize : 1;
    return isBatched ? POOL_BATCHES * batchSize : batchSize;
  }

  #recording(fileIndex: number): RecordingResult {
    return this.#recordings[fileIndex] as RecordingResult;
  }

  #reportProgress(fileIndex: number): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const { sampleRate } = this.#model.parts.spec.mel;
    const seconds = this.#recordings.reduce((sum, { numSamples }) => sum + numSamples, 0) / sampleRate;
    onProgress({ phase: 'transcribe', seconds, fileIndex, text: this.#recording(fileIndex).text });
  }
}

/** The voice detector a call asks for. @throws AsrError `unsupported-option` where nothing is cut */
async function openDetector(
  { parts }: RunningModel,
  { vad }: TranscribeOptions,
  long: LongAudioMode,
): Promise<VoiceDetector | undefined> {
  if (!vad) return undefined;
  if (long === 'auto' || long === 'pauses') return parts.detectors.open(vad);
  throw new AsrError('unsupported-option', `long "${long}" does not cut at pauses; vad is for "auto" and "pauses".`);
}
