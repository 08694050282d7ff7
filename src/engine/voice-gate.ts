/** Follows the phrases of a stream with a voice detector: whether somebody has spoken, and where the last one stopped. */
import type { VoiceDetector } from './voice-detector.ts';
import { VoiceListener } from './voice-listener.ts';

/** Samples count from the start of the stream. */
export class VoiceGate {
  readonly #listener: VoiceListener;
  readonly #halfPause: number;
  #isSpeech = false;
  #hasSpeech = false;
  #pause: number | undefined;

  constructor(detector: VoiceDetector, sampleRate: number) {
    this.#listener = new VoiceListener(detector, sampleRate);
    this.#halfPause = Math.round((this.#listener.options.minDurationOff / 2) * sampleRate);
  }

  /** Whether somebody has spoken in the phrase. */
  get hasSpeech(): boolean {
    return this.#hasSpeech;
  }

  /** Sample in the middle of the pause behind the last words; undefined while they go on. */
  get pause(): number | undefined {
    return this.#pause;
  }

  /** Adds samples; they are heard with the next `listen`. */
  append(samples: Float32Array): void {
    this.#listener.append(samples);
  }

  /** Hears what is new. @param isOver nothing follows, so every frame counts */
  async listen(isOver = false): Promise<void> {
    for (const { start, state, event } of await this.#listener.listen(isOver)) {
      this.#isSpeech = state.isSpeech;
      if (event === 'speech-start') this.#hasSpeech = true;
      if (event === 'speech-end') this.#pause = Math.max(0, start - this.#halfPause);
    }
  }

  /** Another phrase begins. */
  next(): void {
    this.#pause = undefined;
    this.#hasSpeech = this.#isSpeech;
  }
}
