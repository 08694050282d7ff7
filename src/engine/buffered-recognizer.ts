/**
 * Streaming with a full-context encoder: the current phrase is transcribed again as it grows, and settled at a pause.
 *
 * The draft is the whole phrase as the model hears it now; only a pause (or a phrase of `MAX_PHRASE_SECONDS`) commits it, so settled words have
 * had their full context. A slow device simply re-decodes less often: audio waits, none is lost.
 */
import { cutAtPauses } from '../audio/pauses.ts';
import { SPEECH_GATE_START, type SpeechGateState, stepSpeechGate } from '../audio/speech-gate.ts';
import { assert } from '../base/errors.ts';
import type { Hypothesis, WordStamp } from '../base/hypothesis.ts';
import { frameFactor } from '../model/encoder.ts';
import type { RunningModel } from './running-model.ts';
import { concatenate } from './audio-source.ts';
import type { StreamOptions, StreamUpdate } from './options.ts';
import { shiftWords } from './stream-text.ts';
import type { Recognizer } from './recognizer.ts';
import type { VoiceDetector } from './voice-detector.ts';
import { VoiceGate } from './voice-gate.ts';

const DEFAULT_CHUNK_SECONDS = 1;
const MAX_PHRASE_SECONDS = 20;
const GATE_SECONDS = 0.01;
const PAUSE_FRAMES = 60; // of 10 ms: longer than the pause inside a sentence

export class BufferedRecognizer implements Recognizer {
  readonly #model: RunningModel;
  readonly #onUpdate: (update: StreamUpdate) => void;
  readonly #chunkSamples: number;
  readonly #frameSamples: number;
  readonly #settled: { readonly hypothesis: Hypothesis; readonly start: number }[] = [];
  /** Text and words of what is settled. */
  #committed = '';
  readonly #words: WordStamp[] = [];
  #phrase: Float32Array = new Float32Array(0);
  /** First sample of the phrase within the stream. */
  #start = 0;
  #sinceDecoded = 0;
  #gate: SpeechGateState = SPEECH_GATE_START;
  /** Samples of the phrase the gate has heard. */
  #gated = 0;
  /** Where the phrase may be settled; 0 while it goes on. */
  #pause = 0;
  readonly #biasingRequest: StreamOptions['biasingRequest'];
  /** Listens instead of the gate by energy. */
  readonly #voice: VoiceGate | undefined;

  constructor(
    model: RunningModel,
    options: StreamOptions,
    onUpdate: (update: StreamUpdate) => void,
    detector?: VoiceDetector,
  ) {
    const { sampleRate, hopLength } = model.parts.spec.mel;
    this.#model = model;
    this.#onUpdate = onUpdate;
    this.#chunkSamples = Math.round((options.chunkSeconds ?? DEFAULT_CHUNK_SECONDS) * sampleRate);
    this.#frameSamples = hopLength * frameFactor(model.parts.spec.encoder);
    this.#biasingRequest = options.biasingRequest;
    this.#voice = detector && new VoiceGate(detector, sampleRate);
  }

  async accept(samples: Float32Array): Promise<void> {
    const { sampleRate } = this.#model.parts.spec.mel;
    this.#phrase = concatenate([this.#phrase, samples]);
    this.#voice?.append(samples);
    this.#sinceDecoded += samples.length;
    if (!this.#voice) this.#listenForPause(Math.round(GATE_SECONDS * sampleRate));
    if (this.#sinceDecoded < this.#chunkSamples) return;
    this.#sinceDecoded = 0;
    if (this.#voice) {
      await this.#voice.listen();
      this.#pause = Math.max(0, (this.#voice.pause ?? 0) - this.#start);
      if (!this.#voice.hasSpeech && this.#pause === 0) return this.#forget(sampleRate);
    }

    const end =
      this.#pause > 0
        ? this.#pause
        : this.#phrase.length > MAX_PHRASE_SECONDS * sampleRate
          ? this.#forcedEnd(sampleRate)
          : 0;
    if (end > 0) await this.#settle(end - (end % this.#frameSamples));
    this.#update(await this.#transcribe(this.#phrase), false);
  }

  async finish(): Promise<Hypothesis> {
    await this.#voice?.listen(true);
    if (this.#voice?.hasSpeech ?? true) await this.#settle(this.#phrase.length);
    this.#update(undefined, true);
    return this.#joined();
  }

  dispose(): void {
    this.#phrase = new Float32Array(0);
  }

  /** Runs the speech gate over what is new; remembers where the last phrase ended, in the middle of the pause behind it. */
  #listenForPause(frame: number): void {
    for (; this.#gated + frame <= this.#phrase.length; this.#gated += frame) {
      const [state, event] = stepSpeechGate(this.#gate, this.#phrase.subarray(this.#gated, this.#gated + frame), {
        hangoverFrames: PAUSE_FRAMES,
      });
      this.#gate = state;
      if (event === 'speech-end') this.#pause = Math.max(0, this.#gated - (PAUSE_FRAMES >> 1) * frame);
    }
  }

  /** A phrase that will not end is cut where it is quietest. */
  #forcedEnd(sampleRate: number): number {
    return cutAtPauses(this.#phrase, sampleRate, { maxSeconds: MAX_PHRASE_SECONDS })[0]?.end ?? this.#phrase.length;
  }

  async #settle(end: number): Promise<void> {
    const hypothesis = await this.#transcribe(this.#phrase.slice(0, end));
    const text = hypothesis?.text.trim();
    if (hypothesis && text) {
      this.#settled.push({ hypothesis, start: this.#start });
      this.#committed += this.#committed ? ` ${text}` : text;
      this.#words.push(...this.#shifted(hypothesis, this.#start));
    }
    this.#phrase = this.#phrase.slice(end);
    this.#start += end;
    this.#gated = Math.max(0, this.#gated - end);
    this.#pause = 0;
    this.#voice?.next();
  }

  /** Nobody has spoken yet: only the last second is kept, for the breath before the first word. */
  #forget(sampleRate: number): void {
    const end = Math.max(0, this.#phrase.length - sampleRate);
    const frames = end - (end % this.#frameSamples);
    this.#phrase = this.#phrase.slice(frames);
    this.#start += frames;
    this.#voice?.next();
    this.#update(undefined, false);
  }

  async #transcribe(samples: Float32Array): Promise<Hypothesis | undefined> {
    if (samples.length < this.#frameSamples) return undefined;
    const [result] = await this.#model.transcribe([samples], {
      timestamps: canTellTimes(this.#model),
      long: 'full',
      ...(this.#biasingRequest && { biasingRequests: [this.#biasingRequest] }),
    });
    assert(result, 'one recording gives one result');
    return result.hypothesis;
  }

  #update(draft: Hypothesis | undefined, isFinal: boolean): void {
    const { sampleRate } = this.#model.parts.spec.mel;
    const committed = this.#committed;
    const draftText = draft?.text.trim() ?? '';
    this.#onUpdate({
      committed,
      draft: committed && draftText ? ` ${draftText}` : draftText,
      words: [...this.#words, ...(draft ? this.#shifted(draft, this.#start) : [])],
      time: (this.#start + this.#phrase.length) / sampleRate,
      isFinal,
    });
  }

  #shifted(hypothesis: Hypothesis, start: number): WordStamp[] {
    return shiftWords(
      hypothesis.timestamp.word ?? [],
      start / this.#model.parts.spec.mel.sampleRate,
      start / this.#frameSamples,
    );
  }

  #joined(): Hypothesis {
    const parts = this.#settled.map(({ hypothesis }) => hypothesis);
    return {
      text: this.#committed,
      score: parts.reduce((sum, part) => sum + part.score, 0),
      ySequence: parts.flatMap((part) => part.ySequence),
      tokens: parts.flatMap((part) => part.tokens),
      timestamp: {
        timestep: this.#settled.flatMap(({ hypothesis, start }) =>
          hypothesis.timestamp.timestep.map((frame) => frame + start / this.#frameSamples),
        ),
        word: this.#words,
      },
      length: parts.reduce((sum, part) => sum + part.length, 0),
    };
  }
}

/** Canary's first prompt format cannot ask for times; its words then come without. */
function canTellTimes({ parts }: RunningModel): boolean {
  return parts.spec.aed?.prompt.format !== 'canary';
}
