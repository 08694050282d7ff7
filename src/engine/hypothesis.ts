/** Emissions of one recording, decoded in one or more windows, to NeMo's hypothesis. */
import type { Emission } from '../base/emission.ts';
import type { Hypothesis, Timestamp } from '../base/hypothesis.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { toAedTimestamps } from '../text/aed-timestamps.ts';
import { joinTexts, joinWindows } from '../text/join-windows.ts';
import { type FrameTime, toTimestamps } from '../text/timestamps.ts';
import { idsToTranscript, supportedPunctuation } from '../text/token-text.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Decoded } from './decode-clips.ts';

/** A decoded window and where it starts, in encoder frames. */
export type DecodedWindow = { readonly decoded: Decoded; readonly startFrame: number };

export type HypothesisOptions = { readonly timestamps: boolean; readonly decoder: 'ctc' | 'rnnt' | 'tdt' | 'aed' };

/** Turns ids into text and times; one a model, because the punctuation of a vocabulary is worth keeping. */
export class HypothesisWriter {
  readonly #spec: ModelSpec;
  readonly #tokenizer: Tokenizer;
  readonly #punctuation: ReadonlySet<string>;

  constructor(spec: ModelSpec, tokenizer: Tokenizer) {
    this.#spec = spec;
    this.#tokenizer = tokenizer;
    this.#punctuation = supportedPunctuation(tokenizer.pieces);
  }

  /** Text of some tokens. */
  text(ids: readonly number[]): string {
    // NeMo leaves an attention decoder's text as the tokenizer gives it.
    if (this.#spec.aed) return this.#tokenizer.idsToText(ids);
    return idsToTranscript(ids, this.#tokenizer, this.#punctuation);
  }

  /** Char, word and segment stamps of emissions. */
  timestamps(emissions: readonly Emission[], decoder: HypothesisOptions['decoder']): Timestamp {
    // An attention decoder's tokens stand at no frame: its times are in the text.
    if (decoder === 'aed') return { timestep: [] };
    return toTimestamps(emissions, {
      tokenizer: this.#tokenizer,
      decoder,
      punctuation: this.#punctuation,
      ...this.#frameTime,
    });
  }

  /** One hypothesis from the windows of a recording, in order. */
  write(windows: readonly DecodedWindow[], options: HypothesisOptions): Hypothesis {
    const parts = windows.map(({ decoded, startFrame }) => ({
      hypothesis: this.#writeWindow(decoded, options),
      frameOffset: startFrame,
    }));
    // A single window is NeMo's own result, leading spaces and all.
    return parts.length === 1 ? (parts[0] as (typeof parts)[number]).hypothesis : joinWindows(parts, this.#frameTime);
  }

  /** Text of the windows so far. */
  textOf(windows: readonly DecodedWindow[]): string {
    return joinTexts(windows.map(({ decoded }) => this.text(idsOf(decoded))));
  }

  #writeWindow(decoded: Decoded, { timestamps, decoder }: HypothesisOptions): Hypothesis {
    if (decoder === 'aed') return this.#writeAed(decoded, timestamps);
    const ids = idsOf(decoded);
    const { timestep } = decoded;
    return {
      text: this.text(ids),
      score: decoded.score,
      ySequence: ids,
      tokens: this.#tokenizer.idsToTokens(ids),
      timestamp: timestamps ? { ...this.timestamps(decoded.emissions, decoder), timestep } : { timestep },
      length: decoded.length,
      ...(decoded.logProbs ? { alignments: { logProbs: decoded.logProbs, numFrames: decoded.length } } : {}),
      ...(decoded.steps ? { alignments: decoded.steps } : {}),
    };
  }

  /** Times are tokens of the text; NeMo takes them out, and the leading space with them. */
  #writeAed({ beams, ...decoded }: Decoded, timestamps: boolean): Hypothesis {
    const ids = idsOf(decoded);
    const text = this.text(ids);
    return {
      ...(timestamps ? toAedTimestamps(text, this.#frameTime) : { text, timestamp: { timestep: [] } }),
      score: decoded.score,
      ySequence: ids,
      tokens: this.#tokenizer.idsToTokens(ids),
      length: decoded.length,
      ...(beams ? { nBest: beams.map((beam) => this.#writeAed({ ...decoded, ...beam }, timestamps)) } : {}),
    };
  }

  get #frameTime(): FrameTime {
    return { windowStride: this.#spec.mel.windowStride, subsamplingFactor: frameFactor(this.#spec.encoder) };
  }
}

function idsOf({ emissions }: Decoded): number[] {
  return emissions.map((emission) => emission.token);
}
