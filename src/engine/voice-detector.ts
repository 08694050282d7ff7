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

export type VoiceScores = { readonly values: Float32Array; readonly frameSeconds: number };

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

  /** Probability of speech, frame by frame. @param samples mono */
  async score(samples: Float32Array, sampleRate: number, signal?: AbortSignal): Promise<VoiceScores> {
    const { sampleRate: ownRate, frameSeconds } = this.#classifier.info;
    const own = resample(samples, sampleRate, ownRate);
    if (this.#classifier.parts.spec.classification.kind === 'clip') return this.#scoreWindows(own, ownRate, signal);
    throwIfAborted(signal);
    const { values, numFrames, numClasses } = await this.#classifier.probabilities(own);
    return {
      values: Float32Array.from(
        { length: numFrames },
        (_, frame) => values[frame * numClasses + this.#speech] as number,
      ),
      frameSeconds,
    };
  }

  /** Stretches of speech, in seconds. */
  async stretches(samples: Float32Array, sampleRate: number, signal?: AbortSignal): Promise<Stretch[]> {
    const { values, frameSeconds } = await this.score(samples, sampleRate, signal);
    return speechStretches(values, frameSeconds, this.options);
  }

  async #scoreWindows(samples: Float32Array, sampleRate: number, signal?: AbortSignal): Promise<VoiceScores> {
    const length = Math.min(Math.trunc(sampleRate * this.#windowSeconds), samples.length);
    const shift = Math.max(1, Math.trunc(sampleRate * this.#shiftSeconds));
    const padded = new Float32Array(samples.length + length);
    padded.set(samples, length >> 1);
    const values = new Float32Array(Math.floor(samples.length / shift));
    for (let index = 0; index < values.length; index++) {
      throwIfAborted(signal);
      const window = padded.subarray(index * shift, index * shift + length);
      values[index] = (await this.#classifier.probabilities(window)).values[this.#speech] ?? 0;
    }
    return { values, frameSeconds: shift / sampleRate };
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
