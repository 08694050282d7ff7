/**
 * Windows of recordings, encoded and decoded together.
 *
 * Results never depend on the grouping, because every clip of a batch is masked to its own length.
 */
import { throwIfAborted } from '../base/abort.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { createAedRequest, refusePrompt } from './aed-request.ts';
import { type DecodeOptions, type Decoded, type Prepared, decodeClips, prepareClips } from './decode-clips.ts';
import { groupForEncoder } from './encoder-groups.ts';
import type { DecodedWindow } from './hypothesis.ts';
import type { TranscribeOptions } from './options.ts';
import { continued } from './partial-hypothesis.ts';
import type { RunningModel } from './running-model.ts';
import type { AudioWindow } from './windows.ts';

export const DEFAULT_BATCH_SIZE = 4;

/** A window with what its recording brings to decoding. */
export type WindowToDecode = AudioWindow & {
  /** Boosted phrases of this recording. */
  readonly biasing?: WeightedFusion | undefined;
  /** What was decoded before, to go on from. */
  readonly partial?: Hypothesis | undefined;
};

/** What a window too short for a frame says. */
const NOTHING: Decoded = { emissions: [], score: 0, length: 0, timestep: [] };

export class WindowDecoder {
  readonly #model: RunningModel;
  readonly #options: TranscribeOptions;
  readonly #head: DecodeOptions;

  /** @throws AsrError `unsupported-option` for a prompt that the checkpoint cannot take */
  constructor(model: RunningModel, options: TranscribeOptions) {
    this.#model = model;
    this.#options = options;
    this.#head = headOptions(model, options);
  }

  /** On WASM a batch saves nothing and its padding costs; some encoders see the padding. */
  get isBatched(): boolean {
    const { encoder, sessions } = this.#model.parts;
    return sessions.deviceOf('encoder') === 'webgpu' && encoder.canBatch;
  }

  /** The windows in order, each with what it says, and its times where they come from a second model. */
  async decode<T extends WindowToDecode>(windows: readonly T[], frameSamples: number): Promise<[T, DecodedWindow][]> {
    const decoded = await this.#model.parts.sessions.withFallback(() => this.#decode(windows));
    const results: [T, DecodedWindow][] = [];
    for (const [index, window] of windows.entries()) {
      const clip = decoded[index] as Decoded;
      const aligned = await this.#align(window.samples, window.start, clip);
      results.push([window, { decoded: clip, startFrame: Math.round(window.start / frameSamples), ...aligned }]);
    }
    return results;
  }

  async #decode(windows: readonly WindowToDecode[]): Promise<Decoded[]> {
    const { mel, encoder, sessions, spec } = this.#model.parts;
    const { signal, batchSize = DEFAULT_BATCH_SIZE } = this.#options;
    const { context } = this.#model;
    const nothing = { data: new Float32Array(0), numFeatures: mel.numFeatures, numFrames: 0 };
    const features = windows.map((window) => (window.isSilent ? nothing : mel.extract(window.samples)));
    const clips = windows.map(({ partial }): Prepared => ({ decoded: continued(partial, NOTHING) }));

    for (const group of groupForEncoder(
      features.map((clip) => clip.numFrames),
      this.isBatched ? batchSize : 1,
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
          const { partial, biasing } = windows[index] as WindowToDecode;
          clips[index] = { ...(prepared[position] as Prepared), partial, biasing };
        });
      } finally {
        encoded.tensor.dispose();
      }
    }
    return decodeClips(sessions, spec, clips, this.#head);
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
