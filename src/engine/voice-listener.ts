/** Follows sound that is still coming with a voice detector: every frame is judged once, as soon as what follows it is there. */
import { SampleBuffer } from '../audio/sample-buffer.ts';
import {
  VOICE_ACTIVITY_START,
  type VoiceActivityEvent,
  type VoiceActivityOptions,
  type VoiceActivityState,
  stepVoiceActivity,
} from '../audio/voice-activity.ts';
import type { VoiceDetector } from './voice-detector.ts';

/** Audio before the new part that the detector hears again, as context. */
const CONTEXT_SECONDS = 1;
/** Frames nearer to the end are not believed yet: what follows may change their scores. */
const LOOK_AHEAD_SECONDS = 0.3;
/** A pause longer than the one inside a sentence, as for the gate by energy. */
const DEFAULTS: Pauses = { minDurationOn: 0, minDurationOff: 0.6 };

type Pauses = Required<Pick<VoiceActivityOptions, 'minDurationOn' | 'minDurationOff'>>;

/** A judged frame; samples count from the start of the stream, and the end is exclusive. */
export type HeardFrame = {
  readonly start: number;
  readonly end: number;
  readonly state: VoiceActivityState;
  readonly event: VoiceActivityEvent;
};

/** Owns the reducer's state of one stream. */
export class VoiceListener {
  /** When it hears speech. */
  readonly options: VoiceActivityOptions & Pauses;
  readonly #detector: VoiceDetector;
  readonly #sampleRate: number;
  readonly #frameSamples: number;
  readonly #audio = new SampleBuffer();
  #state: VoiceActivityState = VOICE_ACTIVITY_START;
  /** Frames judged. */
  #numJudged = 0;

  /** @param defaults for what the detector's options leave open */
  constructor(detector: VoiceDetector, sampleRate: number, defaults: Partial<Pauses> = {}) {
    this.options = { ...DEFAULTS, ...defaults, ...detector.options };
    this.#detector = detector;
    this.#sampleRate = sampleRate;
    this.#frameSamples = detector.frameSeconds * sampleRate;
  }

  /** Samples appended so far. */
  get end(): number {
    return this.#audio.end;
  }

  /** Adds samples; they are heard with the next `listen`. */
  append(samples: Float32Array): void {
    this.#audio.append(samples);
  }

  /** Judges what is new. @param isOver nothing follows, so every frame counts */
  async listen(isOver = false): Promise<HeardFrame[]> {
    const { start, end, samples } = this.#audio;
    const settled = end - (isOver ? 0 : LOOK_AHEAD_SECONDS * this.#sampleRate);
    const to = Math.floor(settled / this.#frameSamples + 1e-9);
    if (to <= this.#numJudged) return [];
    const numContext = Math.ceil(CONTEXT_SECONDS / this.#detector.frameSeconds);
    const from = Math.max(0, this.#numJudged - numContext);
    const { values, firstFrame } = await this.#detector.score(
      samples.slice(this.#sampleOf(from) - start, end - start),
      this.#sampleRate,
      { frames: [this.#numJudged - from, to - from] },
    );
    const heard: HeardFrame[] = [];
    for (; this.#numJudged < to; this.#numJudged++) {
      const score = values[this.#numJudged - from - firstFrame];
      if (score === undefined) break; // the last frame of a recording may be too short for the detector
      heard.push(this.#judge(this.#numJudged, score));
    }
    this.#audio.dropBefore(this.#sampleOf(this.#numJudged - numContext));
    return heard;
  }

  #judge(frame: number, score: number): HeardFrame {
    const [state, event] = stepVoiceActivity(this.#state, score, this.#detector.frameSeconds, this.options);
    this.#state = state;
    return { start: this.#sampleOf(frame), end: this.#sampleOf(frame + 1), state, event };
  }

  #sampleOf(frame: number): number {
    return Math.round(frame * this.#frameSamples);
  }
}
