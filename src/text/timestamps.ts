/**
 * Emissions to char, word and segment timestamps: NeMo `compute_ctc_timestamps`, `compute_rnnt_timestamps`, `process_timestamp_outputs`.
 *
 * Seconds are `offset * windowStride * subsamplingFactor`, multiplied in this order in float64: NeMo prints 3.2800000000000002 too.
 */
import type { Emission } from '../base/emission.ts';
import type { CharStamp, Timestamp, TimeSpan } from '../base/hypothesis.ts';
import { type SegmentOptions, toSegments } from './segments.ts';
import { supportedPunctuation, type TokenText } from './token-text.ts';
import { type DecoderKind, toTokenSpans } from './token-spans.ts';
import { toWords } from './words.ts';

export type FrameTime = {
  /** Seconds between two feature frames (`preprocessor.window_stride`). */
  readonly windowStride: number;
  /** Feature frames an encoder frame stands for. */
  readonly subsamplingFactor: number;
};

export type TimestampOptions = FrameTime &
  SegmentOptions & {
    readonly tokenizer: TokenText;
    readonly decoder: DecoderKind;
    /** `supportedPunctuation(tokenizer.pieces)`, for callers that keep it. */
    readonly punctuation?: ReadonlySet<string> | undefined;
    /** NeMo `word_seperator`. @default ' ' */
    readonly wordSeparator?: string | undefined;
  };

/** Timestamps of one utterance, all four kinds. `timestep` has the frame of each token (NeMo's CTC lists every non-blank frame there). */
export function toTimestamps(emissions: readonly Emission[], options: TimestampOptions): Timestamp {
  const {
    tokenizer,
    decoder,
    wordSeparator: separator = ' ',
    punctuation = supportedPunctuation(tokenizer.pieces),
  } = options;
  const spans = toTokenSpans(emissions, { tokenizer, decoder, punctuation });
  const words = toWords(spans, {
    pieceKind:
      tokenizer.kind === 'char' ? 'char' : tokenizer.pieces.some((piece) => piece.startsWith('##')) ? 'wpe' : 'bpe',
    punctuation,
    separator,
    tokensToText: (tokens) => tokenizer.tokensToText(tokens),
  });
  const char = spans.map(
    ({ text, ...span }): CharStamp => ({ char: decoder === 'ctc' ? text : [text], ...timeSpan(span, options) }),
  );

  return {
    timestep: emissions.map((emission) => emission.frame),
    char,
    word: words.map(({ word, ...span }) => ({ word, ...timeSpan(span, options) })),
    segment: toSegments(words, options).map(({ segment, ...span }) => ({ segment, ...timeSpan(span, options) })),
  };
}

/** Frames to seconds as NeMo multiplies them. */
export function frameSeconds(offset: number, { windowStride, subsamplingFactor }: FrameTime): number {
  return offset * windowStride * subsamplingFactor;
}

/** Adds the seconds to a pair of offsets. */
export function timeSpan(
  { startOffset, endOffset }: Pick<TimeSpan, 'startOffset' | 'endOffset'>,
  time: FrameTime,
): TimeSpan {
  return { startOffset, endOffset, start: frameSeconds(startOffset, time), end: frameSeconds(endOffset, time) };
}
