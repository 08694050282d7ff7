/** Follows a growing phrase with a voice detector: where somebody began to speak, and where the last one stopped. */
import { VOICE_ACTIVITY_START, type VoiceActivityState, stepVoiceActivity } from '../audio/voice-activity.ts';
import type { VoiceDetector } from './voice-detector.ts';

/** Audio before the new part that the detector hears again, as context. */
const CONTEXT_SECONDS = 1;
/** Frames nearer to the end are not believed yet: what follows may change their scores. */
const LOOK_AHEAD_SECONDS = 0.3;
/** Longer than the pause inside a sentence, as for the gate by energy. */
const PAUSE_SECONDS = 0.6;

/** Owns the reducer's state of one stream. */
export class VoiceGate {
  readonly #detector: VoiceDetector;
  readonly #sampleRate: number;
  readonly #pauseSeconds: number;
  #state: VoiceActivityState = VOICE_ACTIVITY_START;
  /** Samples of the phrase that were judged. */
  #judged = 0;
  #hasSpeech = false;
  #pause = 0;

  constructor(detector: VoiceDetector, sampleRate: number) {
    this.#detector = detector;
    this.#sampleRate = sampleRate;
    this.#pauseSeconds = detector.options.minDurationOff ?? PAUSE_SECONDS;
  }

  /** Whether somebody has spoken in the phrase. */
  get hasSpeech(): boolean {
    return this.#hasSpeech;
  }

  /** Sample in the middle of the pause behind the last words; 0 while they go on. */
  get pause(): number {
    return this.#pause;
  }

  /** Hears what is new. @param isOver nothing follows, so every frame counts */
  async listen(phrase: Float32Array, isOver = false): Promise<void> {
    const rate = this.#sampleRate;
    const from = Math.max(0, this.#judged - CONTEXT_SECONDS * rate);
    const { values, frameSeconds } = await this.#detector.score(phrase.subarray(from), rate);
    const end = phrase.length - (isOver ? 0 : LOOK_AHEAD_SECONDS * rate);
    const options = { ...this.#detector.options, minDurationOff: this.#pauseSeconds };
    const frameSamples = frameSeconds * rate;
    for (let frame = Math.ceil((this.#judged - from) / frameSamples); frame < values.length; frame++) {
      const sample = from + Math.round(frame * frameSamples);
      if (sample + frameSamples > end) break;
      const [state, event] = stepVoiceActivity(this.#state, values[frame] as number, frameSeconds, options);
      this.#state = state;
      this.#judged = sample + Math.round(frameSamples);
      if (event === 'speech-start') this.#hasSpeech = true;
      if (event === 'speech-end') this.#pause = Math.max(0, sample - Math.round((this.#pauseSeconds / 2) * rate));
    }
  }

  /** The first samples of the phrase are gone. */
  drop(numSamples: number): void {
    this.#judged = Math.max(0, this.#judged - numSamples);
    this.#pause = 0;
    this.#hasSpeech = this.#state.isSpeech;
  }
}
