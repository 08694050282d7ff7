/** Emissions of one recording, decoded in one or more windows, to NeMo's hypothesis. */
import type { Emission } from '../base/emission.ts';
import type { Hypothesis, Timestamp } from '../base/hypothesis.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { toAedTimestamps } from '../text/aed-timestamps.ts';
import { type AlignedWindow, joinAligned } from '../text/join-aligned.ts';
import { joinTexts, joinWindows } from '../text/join-windows.ts';
import type { SegmentOptions } from '../text/segments.ts';
import { type FrameTime, toTimestamps } from '../text/timestamps.ts';
import { idsToTranscript, stripLangTags, supportedPunctuation } from '../text/token-text.ts';
import { wordConfidence } from '../text/word-confidence.ts';
import type { AggregateTokenizer } from '../tokenizer/aggregate.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Decoded } from './decoded.ts';
import type { DecodingConfig } from './decoding-config.ts';

/** A decoded window and where it starts, in encoder frames. */
export type DecodedWindow = {
  readonly decoded: Decoded;
  readonly startFrame: number;
  /** Times that another model gave the window's words. */
  readonly aligned?: AlignedWindow;
};

export type HypothesisOptions = {
  readonly timestamps: boolean;
  readonly decoder: 'ctc' | 'rnnt' | 'tdt' | 'aed';
  /** Separators, kinds of timestamps and confidence. @default NeMo's */
  readonly decoding?: DecodingConfig | undefined;
};

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
  timestamps(
    emissions: readonly Emission[],
    decoder: HypothesisOptions['decoder'],
    config?: DecodingConfig | undefined,
  ): Timestamp {
    // An attention decoder's tokens stand at no frame: its times are in the text.
    if (decoder === 'aed') return { timestep: [] };
    const { timestep, char, word, segment } = toTimestamps(emissions, {
      tokenizer: this.#tokenizer,
      decoder,
      punctuation: this.#punctuation,
      wordSeparator: config?.wordSeparator,
      ...segmentOptions(config),
      ...this.#frameTime,
    });
    const has = (kind: 'char' | 'word' | 'segment'): boolean => !config || [kind, 'all'].includes(config.timestampType);
    return {
      timestep,
      ...(char && has('char') ? { char } : {}),
      ...(word && has('word') ? { word } : {}),
      ...(segment && has('segment') ? { segment } : {}),
    };
  }

  /** One hypothesis from the windows of a recording, in order. */
  write(windows: readonly DecodedWindow[], options: HypothesisOptions): Hypothesis {
    const parts = windows.map(({ decoded, startFrame }) => ({
      hypothesis: this.#writeWindow(decoded, options),
      frameOffset: startFrame,
    }));
    // A single window is NeMo's own result, leading spaces and all.
    const hypothesis =
      parts.length === 1
        ? (parts[0] as (typeof parts)[number]).hypothesis
        : joinWindows(parts, { ...this.#frameTime, ...segmentOptions(options.decoding) });
    const aligned = windows.flatMap((window) => window.aligned ?? []);
    return aligned.length > 0 ? { ...hypothesis, timestamp: joinAligned(aligned) } : hypothesis;
  }

  /** Text of the windows so far. */
  textOf(windows: readonly DecodedWindow[]): string {
    return joinTexts(windows.map(({ decoded }) => this.text(idsOf(decoded))));
  }

  #writeWindow({ beams, ...decoded }: Decoded, options: HypothesisOptions): Hypothesis {
    const { decoder, decoding } = options;
    const ids = idsOf(decoded);
    const { timestep, decState, alignments, frameConfidence, tokenConfidence } = decoded;
    const hasTimes = options.timestamps || decoding?.computeTimestamps === true;
    const { text, timestamp } =
      decoder === 'aed' ? this.#timedText(ids, hasTimes) : { text: this.#textBy(ids, decoding), timestamp: undefined };
    const words = decoding?.confidence?.word && tokenConfidence;
    return {
      text,
      score: decoded.score,
      ySequence: ids,
      tokens: this.#tokenizer.idsToTokens(ids),
      timestamp:
        timestamp ?? (hasTimes ? { ...this.timestamps(decoded.emissions, decoder, decoding), timestep } : { timestep }),
      length: decoded.length,
      ...(decoder === 'tdt' ? { tokenDuration: decoded.emissions.map(({ duration }) => duration) } : {}),
      ...(decState ? { decState } : {}),
      ...(alignments ? { alignments } : {}),
      ...(frameConfidence ? { frameConfidence } : {}),
      ...(tokenConfidence ? { tokenConfidence } : {}),
      ...(words
        ? {
            wordConfidence: wordConfidence(text, ids, words, {
              tokenizer: this.#tokenizer,
              aggregation: decoding.confidence.aggregation,
            }),
          }
        : {}),
      ...this.#languages(ids),
      ...(beams
        ? { nBest: beams.map((beam) => this.#writeWindow({ ...decoded, timestep: [], ...beam }, options)) }
        : {}),
    };
  }

  /** Languages, where the tokenizer knows them. NeMo computes them for transducers only, and only with `compute_langs`; they cost nothing here. */
  #languages(ids: readonly number[]): Pick<Hypothesis, 'langs' | 'langsChars' | 'langsWords'> {
    // Canary's aggregate has its special tokens as a language of their own: its language is what the prompt says.
    if (this.#spec.aed || this.#tokenizer.kind !== 'aggregate') return {};
    const tokenizer = this.#tokenizer as AggregateTokenizer;
    return {
      langs: tokenizer.idsToLang(ids),
      langsChars: tokenizer.idsToTextAndLangs(ids),
      langsWords: tokenizer.idsToWordsAndLangs(ids),
    };
  }

  #textBy(ids: readonly number[], decoding: DecodingConfig | undefined): string {
    const text = this.text(ids);
    return decoding?.head === 'transducer' && decoding.stripsLangTags
      ? stripLangTags(text, decoding.langTagPattern)
      : text;
  }

  /** An attention decoder's times are tokens of its text; NeMo takes them out, and the leading space with them. */
  #timedText(ids: readonly number[], timestamps: boolean): { text: string; timestamp: Timestamp } {
    const text = this.text(ids);
    return timestamps ? toAedTimestamps(text, this.#frameTime) : { text, timestamp: { timestep: [] } };
  }

  get #frameTime(): FrameTime {
    return { windowStride: this.#spec.mel.windowStride, subsamplingFactor: frameFactor(this.#spec.encoder) };
  }
}

function idsOf({ emissions }: Decoded): number[] {
  return emissions.map((emission) => emission.token);
}

function segmentOptions(config: DecodingConfig | undefined): SegmentOptions {
  return config ? { segmentSeparators: config.segmentSeparators, segmentGapThreshold: config.segmentGapThreshold } : {};
}
