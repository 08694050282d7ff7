/**
 * Says which stretches of a stream a voice detector has heard nobody in, so that they need not be decoded.
 *
 * While somebody speaks nothing waits for it: what it says about a stretch comes later than the stretch, so it can only end a segment. While
 * nobody speaks, what is not judged yet waits, and when a word begins the sound before it is decoded too, because detectors hear onsets late.
 */
import type { VoiceDetector } from './voice-detector.ts';
import { type HeardFrame, VoiceListener } from './voice-listener.ts';

/** Sound before the first frame of speech that is decoded, unless the detector's `padOnset` says otherwise. */
const PRE_ROLL_SECONDS = 0.4;
/** Speech lasts this long before it counts, unless `minDurationOn` says otherwise: a click must not open the gate for seconds. */
const ONSET_SECONDS = 0.1;
/** The detector is asked this often. */
const LISTEN_SECONDS = 0.32;

/** `wait`: the detector has not heard enough. */
export type GateDecision = 'run' | 'skip' | 'wait';

/** Samples count from the start of the stream. */
export class StreamGate {
  readonly #listener: VoiceListener;
  readonly #preRoll: number;
  readonly #hangOver: number;
  readonly #listenSamples: number;
  #isSpeech = false;
  /** Where the speech that runs, or may just have begun, begins. */
  #onset: number | undefined;
  #speechEnd = 0;
  #judged = 0;
  /** From here on the last segment needs nothing more. */
  #silentFrom = 0;

  constructor(detector: VoiceDetector, sampleRate: number) {
    const { padOnset = PRE_ROLL_SECONDS, padOffset = 0 } = detector.options;
    this.#listener = new VoiceListener(detector, sampleRate, { minDurationOn: ONSET_SECONDS });
    this.#preRoll = Math.round(padOnset * sampleRate);
    this.#hangOver = Math.round((this.#listener.options.minDurationOff + padOffset) * sampleRate);
    this.#listenSamples = Math.round(LISTEN_SECONDS * sampleRate);
  }

  /** Whether the detector hears somebody. */
  get isSpeech(): boolean {
    return this.#isSpeech;
  }

  /** Samples judged. */
  get judged(): number {
    return this.#judged;
  }

  /** Nothing before this sample will be decoded unless it has been. */
  get quietUntil(): number {
    return (this.#onset ?? this.#judged) - this.#preRoll;
  }

  /** Samples that may be appended before the detector is to listen. */
  get room(): number {
    return this.#listenSamples - (this.#listener.end % this.#listenSamples);
  }

  append(samples: Float32Array): void {
    this.#listener.append(samples);
  }

  /** Hears what was appended. @param isOver nothing follows, so every frame counts */
  async listen(isOver = false): Promise<void> {
    for (const frame of await this.#listener.listen(isOver)) this.#hear(frame);
  }

  /** What is to be done with a stretch that is neither decoded nor skipped yet. */
  decide(start: number, end: number): GateDecision {
    if (start >= this.#silentFrom && end <= this.quietUntil) return 'skip';
    return this.#isSpeech || start < this.#silentFrom ? 'run' : 'wait';
  }

  #hear({ start, end, state, event }: HeardFrame): void {
    this.#judged = end;
    this.#isSpeech = state.isSpeech;
    if (state.isHeard) {
      this.#onset ??= start;
      this.#speechEnd = end;
    } else if (!state.isSpeech) {
      this.#onset = undefined;
    }
    if (event === 'speech-end') this.#silentFrom = this.#speechEnd + this.#hangOver;
  }
}
