/**
 * The result of a transcription: NeMo's `Hypothesis` (nemo/collections/asr/parts/utils/rnnt_utils.py) in camelCase.
 *
 * Offsets count encoder frames; `start` and `end` are seconds, `offset * windowStride * subsamplingFactor` in float64 as NeMo computes them.
 */
export type TimeSpan = {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly start: number;
  readonly end: number;
};

export type CharStamp = TimeSpan & { readonly char: string | readonly string[] };
export type WordStamp = TimeSpan & { readonly word: string };
export type SegmentStamp = TimeSpan & { readonly segment: string };

export type Timestamp = {
  /** Frame of every token of `tokens`. */
  readonly timestep: readonly number[];
  readonly char?: readonly CharStamp[];
  readonly word?: readonly WordStamp[];
  readonly segment?: readonly SegmentStamp[];
};

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
