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

/** What CTC saw: log-probabilities and the best class of every frame. */
export type CtcAlignments = {
  /** [numFrames, vocabulary + 1], blank last. */
  readonly logProbs: Float32Array;
  readonly labels: Int32Array;
  readonly numFrames: number;
};

/** One evaluation of a transducer's joint: log-probabilities over tokens, blank and (TDT) durations together, and the label taken. */
export type AlignmentStep = { readonly logProbs: Float32Array; readonly label: number };

/** What a transducer saw, [frame][step]; frames a TDT model jumps over are not there. */
export type TransducerAlignments = readonly (readonly AlignmentStep[])[];

/**
 * Where greedy decoding of a transducer stands after its last frame (NeMo `dec_state`): plain data that `partialHypothesis` goes on from.
 * It belongs to the checkpoint and the decoding config that made it.
 */
export type DecoderState = {
  /** Output of the prediction network, [jointSize], and its states, [layers * hiddenSize]. */
  readonly predicted: Float32Array;
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
  /** Frames of the next piece that the last jump of a TDT model skips. */
  readonly overshoot: number;
  /** Frames decoded so far, over all pieces. */
  readonly frame: number;
  readonly afterBlank: boolean;
  /** Where language model and boosted phrases stand. */
  readonly fusion: readonly number[];
  /** What the confidence of the last token is made of so far, where it is measured. */
  readonly openConfidence: readonly number[];
};

/** A class and its probability from 0 to 1. */
export type ClassScore = { readonly label: string; readonly score: number };

/** What a frame classifier (voice detector) said of every frame. */
export type FrameScores = {
  /** Probabilities, [numFrames, numClasses], classes in the order of `labels`. */
  readonly values: Float32Array;
  readonly numFrames: number;
  readonly numClasses: number;
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
  /** Encoder frames decoded; of a continued hypothesis those of its newest piece, as in NeMo. */
  readonly length: number;
  /** Greedy transducers, for recordings decoded in one piece: what `partialHypothesis` goes on from. */
  readonly decState?: DecoderState;
  readonly alignments?: CtcAlignments | TransducerAlignments;
  /** Frames a token of a TDT model spans. */
  readonly tokenDuration?: readonly number[];
  /** CTC: a number a frame. Transducers: the steps of every frame, each a number, or with `tdt_include_duration` a pair. */
  readonly frameConfidence?: readonly number[] | readonly (readonly (number | readonly number[])[])[];
  readonly tokenConfidence?: readonly number[];
  readonly wordConfidence?: readonly number[];
  /** Language of the utterance, for tokenizers that know it. */
  readonly langs?: string;
  /** Text and language of every token, where `langs` is there. */
  readonly langsChars?: readonly { readonly char: string; readonly lang: string }[];
  /** Every word and its language, where `langs` is there. */
  readonly langsWords?: readonly { readonly word: string; readonly lang: string }[];
  /** Classification models: every class with its probability, for frame classifiers the mean over all frames. `text` is the best one's label. */
  readonly labels?: readonly ClassScore[];
  /** Frame classifiers; `text` is the labels of the stretches, and with timestamps they are the segments. */
  readonly frameScores?: FrameScores;
  /** All readings, best first, when the decoding config says `return_best_hypothesis: false`. */
  readonly nBest?: readonly Hypothesis[];
};
