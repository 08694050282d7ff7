/**
 * The result of a transcription: NeMo's `Hypothesis` (nemo/collections/asr/parts/utils/rnnt_utils.py) in camelCase.
 *
 * Offsets count encoder frames; `start` and `end` are seconds, `offset * windowStride * subsamplingFactor` in float64 as NeMo computes them.
 */

/** A stretch of the recording, in encoder frames and in seconds; the end is exclusive. */
export type TimeSpan = {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly start: number;
  readonly end: number;
};

/** One token. CTC gives a string, transducers a list of one string, as NeMo does. */
export type CharStamp = TimeSpan & { readonly char: string | readonly string[] };
/** One word, from the start of its first token to the end of its last. */
export type WordStamp = TimeSpan & { readonly word: string };
/** A stretch of words up to a separator such as `.` or `?`, or to a pause where the decoding config asks for it. */
export type SegmentStamp = TimeSpan & { readonly segment: string };

/** When what was said; `char`, `word` and `segment` are there when timestamps were asked for. */
export type Timestamp = {
  /** Frame of every token of `tokens`. */
  readonly timestep: readonly number[];
  readonly char?: readonly CharStamp[];
  readonly word?: readonly WordStamp[];
  readonly segment?: readonly SegmentStamp[];
};

/** One reading of one recording. Optional fields are there when the decoding config or the options ask for them. */
export type Hypothesis = {
  readonly text: string;
  /** Sum of log-probabilities, by the decoder's own rule. */
  readonly score: number;
  /** Token ids without blanks. */
  readonly ySequence: readonly number[];
  /** Pieces of `ySequence`. */
  readonly tokens: readonly string[];
  readonly timestamp: Timestamp;
  /** Encoder frames decoded. */
  readonly length: number;
  readonly alignments?: unknown;
  readonly frameConfidence?: readonly number[] | readonly (readonly number[])[];
  readonly tokenConfidence?: readonly number[];
  readonly wordConfidence?: readonly number[];
  /** Language of the utterance, for tokenizers that know it. */
  readonly langs?: string;
  readonly nBest?: readonly Hypothesis[];
};
