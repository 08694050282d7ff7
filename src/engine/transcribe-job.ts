/**
 * One call of `transcribe`: recordings flow through as windows, are encoded and decoded in groups, and joined per recording.
 *
 * Results never depend on the grouping, because every clip of a batch is masked to its own length.
 */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { joinTexts } from '../text/join-windows.ts';
import { frameFactor } from '../model/encoder.ts';
import { isForChunks, mergeOverlap, overlappingChunks } from './aed-chunks.ts';
import { createAedRequest, refusePrompt } from './aed-request.ts';
import { countSamples, openAudio } from './audio-source.ts';
import { decodeBuffered } from './buffered-decoding.ts';
import { loadBiasing } from './biasing.ts';
import { type BufferedPlan, planBuffered, takesChunks } from './buffered-options.ts';
import { type DecodeOptions, type Decoded, type Prepared, decodeClips, prepareClips } from './decode-clips.ts';
import { groupForEncoder } from './encoder-groups.ts';
import type { RunningModel } from './running-model.ts';
import type { DecodedWindow } from './hypothesis.ts';
import { continued } from './partial-hypothesis.ts';
import type { AudioInput, LongAudioMode, TranscribeOptions, TranscribeResult } from './options.ts';
import type { VoiceDetector } from './voice-detector.ts';
import { wholeSeconds } from './whole-seconds.ts';
import { AED_FULL_SECONDS, type AudioWindow, FULL_SECONDS, cutWindows } from './windows.ts';

const DEFAULT_BATCH_SIZE = 4;
/** Batches' worth of windows that wait on a GPU, to be batched with others of their length. */
const POOL_BATCHES = 4;
/** Audio that waits at most, so that memory is bounded whatever the batch size. */
const POOL_SECONDS = 600;
/** Audio between two reports of a buffered recording. */
const PROGRESS_SECONDS = 10;
/** A buffered recording's text is written anew for every report; the work between two takes this many times as long at least. */
const WORK_PER_REPORT = 10;

/** What a window too short for a frame says. */
const NOTHING: Decoded = { emissions: [], score: 0, length: 0, timestep: [] };

type PendingWindow = AudioWindow & { readonly fileIndex: number; readonly overlaps?: boolean };
type FileResult = { readonly windows: DecodedWindow[]; numSamples: number; text: string; inChunks: boolean };

/** Gathers windows of all recordings into batches and hands out progress. */
export class TranscribeJob {
  readonly #model: RunningModel;
  readonly #audio: readonly AudioInput[];
  readonly #options: TranscribeOptions;
  readonly #files: FileResult[];
  readonly #head: DecodeOptions;
  /** Boosted phrases of single recordings. */
  #biasing: readonly (WeightedFusion | undefined)[] = [];
  #pending: PendingWindow[] = [];
  #pendingSamples = 0;

  constructor(model: RunningModel, audio: readonly AudioInput[], options: TranscribeOptions) {
    this.#model = model;
    this.#audio = audio;
    this.#options = options;
    this.#files = audio.map(() => ({ windows: [], numSamples: 0, text: '', inChunks: false }));
    this.#head = headOptions(model, options);
  }

  async run(): Promise<TranscribeResult[]> {
    const { spec, writer } = this.#model.parts;
    const {
      signal,
      channelSelector,
      long = 'auto',
      timestamps = false,
      batchSize = DEFAULT_BATCH_SIZE,
    } = this.#options;
    const { sampleRate, hopLength } = spec.mel;
    const frameSamples = hopLength * frameFactor(spec.encoder);

    // An attention decoder reads whole windows; of those it gets fixed ones.
    const plan = long === 'buffered' && spec.aed === undefined ? planBuffered(this.#model, this.#options) : undefined;
    const mayOverlap = spec.aed !== undefined && takesChunks(this.#model, this.#options, long);

    const detector = await openDetector(this.#model, this.#options, long);
    this.#biasing = await loadBiasing(this.#model, this.#options.biasingRequests ?? []);
    for (const [fileIndex, input] of this.#audio.entries()) {
      const audioOptions = {
        sampleRate,
        padsFiles: spec.aed !== undefined,
        ...(channelSelector === undefined ? {} : { channelSelector }),
        ...(signal ? { signal } : {}),
      };
      const blocks = openAudio(input, audioOptions);
      if (plan) {
        await this.#decodeBuffered(blocks, fileIndex, plan);
        continue;
      }
      // The size of a chunk depends on the length, which only decoding tells; twice is still little beside the model's work.
      const total = mayOverlap ? await countSamples(openAudio(input, audioOptions)) : 0;
      const inChunks = mayOverlap && isForChunks(total, sampleRate);
      (this.#files[fileIndex] as FileResult).inChunks = inChunks;
      const windows = inChunks
        ? overlappingChunks(blocks, { total, sampleRate })
        : cutWindows(blocks, {
            sampleRate,
            frameSamples,
            long,
            fullSeconds: this.#fullSeconds(),
            ...(detector ? { findSpeech: (samples) => detector.stretches(samples, sampleRate, signal) } : {}),
          });
      for await (const window of windows) {
        throwIfAborted(signal);
        this.#pending.push({ ...window, fileIndex });
        this.#pendingSamples += window.samples.length;
        if (this.#pending.length >= this.#poolSize(batchSize) || this.#pendingSamples >= POOL_SECONDS * sampleRate)
          await this.#flush(frameSamples);
      }
    }
    await this.#flush(frameSamples);
    return this.#files.map(({ windows, numSamples, inChunks }) => ({
      hypothesis: writer.write(windows, {
        timestamps,
        decoder: this.#model.decoderKind,
        decoding: this.#model.decoding?.config,
      }),
      duration: numSamples / sampleRate,
      long: long !== 'auto' ? long : inChunks ? 'buffered' : windows.length > 1 ? 'pauses' : 'full',
    }));
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

  /** A recording by itself, piece by piece. */
  async #decodeBuffered(blocks: AsyncIterable<Float32Array>, fileIndex: number, plan: BufferedPlan): Promise<void> {
    const file = this.#files[fileIndex] as FileResult;
    const { writer, spec } = this.#model.parts;
    const { sampleRate } = spec.mel;
    let reported = 0;
    let nextReport = 0;
    const { decoded, numSamples } = await decodeBuffered(this.#model, blocks, {
      plan,
      language: this.#options.targetLang,
      signal: this.#options.signal,
      biasing: this.#biasing[fileIndex],
      onPiece: (soFar, samples) => {
        const startedAt = performance.now();
        if (!this.#options.onProgress || startedAt < nextReport) return;
        if (samples - reported < PROGRESS_SECONDS * sampleRate) return;
        reported = samples;
        file.numSamples = samples;
        file.text = writer.textOf([{ decoded: soFar(), startFrame: 0 }]);
        this.#reportProgress(fileIndex);
        const now = performance.now();
        nextReport = now + WORK_PER_REPORT * (now - startedAt);
      },
    });
    file.windows[0] = { decoded, startFrame: 0 };
    file.numSamples = numSamples;
    file.text = writer.textOf(file.windows);
    this.#reportProgress(fileIndex);
  }

  /** Encodes and decodes the pending windows together. */
  async #flush(frameSamples: number): Promise<void> {
    const windows = this.#pending;
    this.#pending = [];
    this.#pendingSamples = 0;
    if (windows.length === 0) return;
    throwIfAborted(this.#options.signal);
    const decoded = await this.#model.parts.sessions.withFallback(() => this.#decode(windows));
    const { writer, spec } = this.#model.parts;
    const merging = {
      frameSeconds: frameSamples / spec.mel.sampleRate,
      textOf: (ids: readonly number[]) => writer.text(ids),
    };
    for (const [index, { fileIndex, samples, start, overlaps }] of windows.entries()) {
      const file = this.#files[fileIndex] as FileResult;
      const aligned = await this.#align(samples, start, decoded[index] as Decoded);
      const window = { decoded: decoded[index] as Decoded, startFrame: Math.round(start / frameSamples), ...aligned };
      const before = overlaps ? file.windows.pop() : undefined;
      file.windows.push(before ? mergeOverlap(before, window, merging) : window);
      file.numSamples = start + samples.length;
      if (!this.#options.onProgress) continue;
      file.text = before ? writer.textOf(file.windows) : joinTexts([file.text, writer.textOf([window])]);
    }
    this.#reportProgress((windows.at(-1) as PendingWindow).fileIndex);
  }

  /** Times from the checkpoint's second model, where it has one and they are asked for. */
  async #align(samples: Float32Array, start: number, decoded: Decoded): Promise<Pick<DecodedWindow, 'aligned'>> {
    const { aligner, writer, spec } = this.#model.parts;
    if (!aligner || !this.#options.timestamps || decoded.emissions.length === 0) return {};
    throwIfAborted(this.#options.signal);
    const text = writer.text(decoded.emissions.map(({ token }) => token));
    const { frameSeconds } = aligner;
    const words = await aligner.align(samples, text);
    return { aligned: { ...words, frameSeconds, startSeconds: start / spec.mel.sampleRate } };
  }

  async #decode(windows: readonly PendingWindow[]): Promise<Decoded[]> {
    const { mel, encoder, sessions, spec } = this.#model.parts;
    const { signal, batchSize = DEFAULT_BATCH_SIZE } = this.#options;
    const { context } = this.#model;
    const nothing = { data: new Float32Array(0), numFeatures: mel.numFeatures, numFrames: 0 };
    const features = windows.map((window) => (window.isSilent ? nothing : mel.extract(window.samples)));
    const partials = windows.map(({ fileIndex }) => this.#options.partialHypothesis?.[fileIndex] ?? undefined);
    const clips = partials.map((partial): Prepared => ({ decoded: continued(partial, NOTHING) }));

    for (const group of groupForEncoder(
      features.map((clip) => clip.numFrames),
      this.#isBatched ? batchSize : 1,
    )) {
      throwIfAborted(signal);
      const encoded = await encoder.encode(
        group.map((index) => features[index] as (typeof features)[number]),
        context,
        this.#options.targetLang,
      );
      try {
        const prepared = await prepareClips(sessions, spec, encoded, this.#head);
        group.forEach((index, position) => {
          const { fileIndex } = windows[index] as PendingWindow;
          clips[index] = {
            ...(prepared[position] as Prepared),
            partial: partials[index],
            biasing: this.#biasing[fileIndex],
          };
        });
      } finally {
        encoded.tensor.dispose();
      }
    }
    return decodeClips(sessions, spec, clips, this.#head);
  }

  /** Windows that are waited for. The first one of a single recording is decoded at once, so that text appears early. */
  #poolSize(batchSize: number): number {
    if (this.#audio.length === 1) return this.#isBatched && (this.#files[0]?.windows.length ?? 0) > 0 ? batchSize : 1;
    return this.#isBatched ? POOL_BATCHES * batchSize : batchSize;
  }

  /** On WASM a batch saves nothing and its padding costs; some encoders see the padding. */
  get #isBatched(): boolean {
    const { encoder, sessions } = this.#model.parts;
    return sessions.deviceOf('encoder') === 'webgpu' && encoder.canBatch;
  }

  #reportProgress(fileIndex: number): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const { sampleRate } = this.#model.parts.spec.mel;
    const seconds = this.#files.reduce((sum, file) => sum + file.numSamples, 0) / sampleRate;
    onProgress({ phase: 'transcribe', seconds, fileIndex, text: (this.#files[fileIndex] as FileResult).text });
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

/** How the head decodes; a prompt that the checkpoint cannot take fails here, before any audio is read. */
function headOptions(model: RunningModel, options: TranscribeOptions): DecodeOptions {
  const { decoder, decoding, maxSymbols, parts } = model;
  const { signal, returnAlignments = false } = options;
  const { aed } = parts.spec;
  if (!aed) refusePrompt(parts.spec.className, options);
  return {
    decoder,
    decoding,
    maxSymbols,
    keepAlignments: returnAlignments,
    ...(signal ? { signal } : {}),
    ...(aed ? { aed: createAedRequest(aed, parts.tokenizer, options, parts.aligner === undefined) } : {}),
  };
}
