/**
 * A classification checkpoint as voice detector: scores of short frames, whether it classifies frames (frame VAD) or clips (clip VAD).
 *
 * Clips are scored as NeMo's `vad_infer` does it: windows around every shift, with zeros before and behind the recording.
 */
import { resample } from '../audio/resample.ts';
import { type Stretch, type VoiceActivityOptions, speechStretches } from '../audio/voice-activity.ts';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { LoadedClassifier } from './loaded-classifier.ts';
import type { VadOptions } from './options.ts';

export type VoiceScores = {
  /** Probability of speech of `firstFrame` and those that follow. */
  readonly values: Float32Array;
  readonly firstFrame: number;
  readonly frameSeconds: number;
};

export type ScoreOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Which frames are wanted, the end exclusive; others may come with them. @default all */
  readonly frames?: readonly [from: number, to: number];
};

const WINDOW_SECONDS = 0.63;
const SHIFT_SECONDS = 0.08;

export class VoiceDetector {
  readonly options: VoiceActivityOptions;
  readonly #classifier: LoadedClassifier;
  readonly #speech: number;
  readonly #windowSeconds: number;
  readonly #shiftSeconds: number;

  /** @throws AsrError `unsupported-option` for a checkpoint without a class for speech */
  constructor(
    classifier: LoadedClassifier,
    { windowSeconds, shiftSeconds, ...options }: Omit<VadOptions, 'checkpoint'>,
  ) {
    this.#classifier = classifier;
    this.#speech = speechClass(classifier);
    this.#windowSeconds = windowSeconds ?? WINDOW_SECONDS;
    this.#shiftSeconds = shiftSeconds ?? SHIFT_SECONDS;
    this.options = options;
  }

  /** Length of a scored frame. */
  get frameSeconds(): number {
    const { sampleRate, frameSeconds } = this.#classifier.info;
    return this.#isClip ? this.#shiftSamples / sampleRate : frameSeconds;
  }

  /** Probability of speech, frame by frame. @param samples mono */
  async score(samples: Float32Array, sampleRate: number, options: ScoreOptions = {}): Promise<VoiceScores> {
    const { sampleRate: ownRate } = this.#classifier.info;
    const own = resample(samples, sampleRate, ownRate);
    if (this.#isClip) return this.#scoreWindows(own, ownRate, options);
    throwIfAborted(options.signal);
    const { values, numFrames, numClasses } = await this.#classifier.probabilities(own);
    return {
      values: Float32Array.from(
        { length: numFrames },
        (_, frame) => values[frame * numClasses + this.#speech] as number,
      ),
      firstFrame: 0,
      frameSeconds: this.frameSeconds,
    };
  }

  /** Stretches of speech, in seconds. */
  async stretches(samples: Float32Array, sampleRate: number, signal?: AbortSignal): Promise<Stretch[]> {
    const { values, frameSeconds } = await this.score(samples, sampleRate, { signal });
    return speechStretches(values, frameSeconds, this.options);
  }

  get #isClip(): boolean {
    return this.#classifier.parts.spec.classification.kind === 'clip';
  }

  get #shiftSamples(): number {
    return Math.max(1, Math.trunc(this.#classifier.info.sampleRate * this.#shiftSeconds));
  }

  async #scoreWindows(samples: Float32Array, sampleRate: number, options: ScoreOptions): Promise<VoiceScores> {
    const length = Math.min(Math.trunc(sampleRate * this.#windowSeconds), samples.length);
    const shift = this.#shiftSamples;
    const padded = new Float32Array(samples.length + length);
    padded.set(samples, length >> 1);
    const [firstFrame, end] = options.frames ?? [0, Number.POSITIVE_INFINITY];
    const numFrames = Math.min(Math.floor(samples.length / shift), end);
    const values = new Float32Array(Math.max(0, numFrames - firstFrame));
    for (let index = 0; index < values.length; index++) {
      throwIfAborted(options.signal);
      const start = (firstFrame + index) * shift;
      const window = padded.subarray(start, start + length);
      values[index] = (await this.#classifier.probabilities(window)).values[this.#speech] ?? 0;
    }
    return { values, firstFrame, frameSeconds: this.frameSeconds };
  }
}

/** NeMo takes the second of two classes; here its name counts too. */
function speechClass({ info }: LoadedClassifier): number {
  const labels = info.labels ?? [];
  const named = labels.findIndex((label) => /^(speech|1)$/i.test(label));
  if (named >= 0) return named;
  if (labels.length === 2) return 1;
  throw new AsrError(
    'unsupported-option',
    `vad: the classes of ${info.name} are ${labels.slice(0, 5).join(', ')}${labels.length > 5 ? ', …' : ''}; a voice detector has one called "speech" or "1".`,
  );
}
