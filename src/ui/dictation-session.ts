/**
 * From the microphone to text: one session between start and stop.
 *
 * The microphone opens before the model does, and what is said while the model loads is queued and decoded afterwards, so no first words
 * are lost. `stop` settles everything heard; `cancel` drops it.
 */
import type { Microphone } from '../audio/capture.ts';
import { isAsrError } from '../base/errors.ts';
import type { ASRModel } from '../rpc/asr-model.ts';
import type { StreamUpdate } from '../rpc/protocol.ts';
import type { TranscriptionStream } from '../rpc/stream.ts';
import type { PageStreamOptions } from '../rpc/voice-detector.ts';
import { openMicrophone } from './microphone.ts';
import type { ModelHost } from './model-host.ts';
import { NO_PHRASES, PHRASE_PAUSE, type Phrase, type PhraseOptions, type Utterance, nextPhrase } from './phrases.ts';

/** What button, overlay and events show. `listening`: sound arrives, no speech yet; `settling`: stopped, the last words are decoded. */
export type DictationState = 'idle' | 'opening' | 'listening' | 'speaking' | 'settling' | 'error';

/** Whoever shows the session. All are called on the page's thread. */
export type DictationListener = {
  onState(to: DictationState, from: DictationState): void;
  onUpdate(update: StreamUpdate): void;
  onPhrase?(phrase: Phrase): void;
  onUtterance?(utterance: Utterance): void;
  /** The words that no phrase has handed out yet: they may still change. */
  onPending?(text: string): void;
  /** Whole seconds until a session with `autoStop` ends by itself, in the last third of the wait; undefined otherwise. */
  onCountdown?(secondsLeft: number | undefined): void;
  /** False while the session may not end by itself. @default it may */
  mayStop?(): boolean;
  /** The microphone is muted (an error that says so), or is heard again (null). */
  onMuted?(error: unknown): void;
  onError(error: unknown): void;
};

/** How phrases are cut, and whether silence ends the session. */
export type DictationOptions = PhraseOptions & {
  /** Seconds of silence after the last word that end the session, never before the first one. @default it never ends by itself */
  readonly autoStop?: number;
  /** A voice detector: a name, or the address of a `.nemo`. @default energy tells speech from silence */
  readonly vad?: string;
};

const SILENCE_AFTER = 1; // seconds of audio without new text: back from `speaking` to `listening`

/** One dictation. */
export class DictationSession {
  readonly #host: ModelHost;
  readonly #listener: DictationListener;
  readonly #options: DictationOptions;
  readonly #abort = new AbortController();
  #state: DictationState = 'idle';
  #microphone: Microphone | undefined;
  #pending: Float32Array[] = [];
  #pumping: Promise<void> | undefined;
  #collecting: Promise<void> | undefined;
  #stream: TranscriptionStream | undefined;
  #phrases = NO_PHRASES;
  #stopping: Promise<void> | undefined;
  #lost: unknown;

  constructor(host: ModelHost, listener: DictationListener, options: DictationOptions = {}) {
    this.#host = host;
    this.#listener = listener;
    this.#options = options;
  }

  get state(): DictationState {
    return this.#state;
  }

  /** Loudness now: root mean square of the latest block, 0 to 1. */
  get level(): number {
    return this.#microphone?.level.rms ?? 0;
  }

  /** Opens the microphone, then the model; resolves when both are there. Errors go to the listener. */
  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#go('opening');
    try {
      const microphone = await openMicrophone({ signal: this.#abort.signal });
      this.#microphone = microphone;
      microphone.onLost = (error) => this.#lose(error);
      microphone.onMuted = (error) => this.#listener.onMuted?.(error);
      this.#collecting = this.#collect(microphone);
      const model = await this.#host.model();
      if (this.#abort.signal.aborted) return;
      this.#openStream(model, microphone);
      await this.#pump();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends listening and settles what was said; resolves when the last words are there. */
  stop(): Promise<void> {
    this.#stopping ??= this.#settle();
    return this.#stopping;
  }

  /** Ends without settling. */
  async cancel(): Promise<void> {
    if (this.#state === 'idle') return;
    this.#abort.abort();
    this.#microphone?.stop().catch(reportError);
    this.#pending = [];
    this.#go('idle');
    await this.#stream?.cancel();
  }

  async #settle(): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'error') return;
    if (!this.#microphone) {
      // Released before the microphone was there: nothing was said into it.
      this.#abort.abort();
      return this.#go('idle');
    }
    this.#go('settling');
    try {
      await this.#microphone.stop();
      // Stopped while the model is still loading: what was said is decoded when it has come.
      const stream = this.#stream ?? this.#openStream(await this.#host.model(), this.#microphone);
      if (this.#abort.signal.aborted) return this.#go('idle');
      await this.#collecting;
      while (this.#pending.length > 0 || this.#pumping !== undefined) await this.#pump();
      await stream.finish();
      this.#go(this.#lost === undefined ? 'idle' : 'error');
    } catch (error) {
      this.#fail(error);
    }
  }

  get #voiceDetector(): PageStreamOptions {
    const { vad: checkpoint, phrasePause = PHRASE_PAUSE } = this.#options;
    return checkpoint ? { vad: { checkpoint, minDurationOff: phrasePause } } : {};
  }

  /** The one stream of the session: start and stop both wait for the model. */
  #openStream(model: ASRModel, { sampleRate }: Microphone): TranscriptionStream {
    if (this.#stream) return this.#stream;
    const stream = model.stream({ sampleRate, ...this.#voiceDetector });
    this.#stream = stream;
    this.#read(stream).catch((error: unknown) => this.#fail(error));
    return stream;
  }

  async #collect(microphone: Microphone): Promise<void> {
    for await (const samples of microphone) {
      if (this.#state === 'opening') this.#go('listening');
      this.#pending.push(samples);
      this.#pump().catch((error: unknown) => this.#fail(error));
    }
  }

  /** Hands over everything queued, in order, one push at a time: a slow device gets longer pushes, never lost ones. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#drain().finally(() => {
      this.#pumping = undefined;
    });
    return this.#pumping;
  }

  async #drain(): Promise<void> {
    while (this.#stream && this.#pending.length > 0) await this.#stream.push(concat(this.#pending.splice(0)));
  }

  /** The microphone went away: what it gave is still settled, then the loss is told. */
  #lose(error: unknown): void {
    if (this.#state === 'idle' || this.#state === 'error' || this.#state === 'settling') return;
    this.#lost = error;
    this.#listener.onError(error);
    this.stop().catch(reportError);
  }

  async #read(stream: TranscriptionStream): Promise<void> {
    for await (const update of stream) {
      if (this.#abort.signal.aborted) return;
      const { state, phrase, utterance } = nextPhrase(this.#phrases, update, this.#options);
      this.#phrases = state;
      this.#listener.onUpdate(update);
      if (phrase) this.#listener.onPhrase?.(phrase);
      if (utterance) this.#listener.onUtterance?.(utterance);
      this.#listener.onPending?.((update.committed + update.draft).slice(state.givenChars));
      const hasText = update.committed !== '' || update.draft !== '';
      if (this.#state === 'listening' && hasText && state.lastChange === update.time) this.#go('speaking');
      if (this.#state === 'speaking' && update.time - state.lastChange > SILENCE_AFTER) this.#go('listening');
      if (hasText) this.#waitOn(update.time - state.lastChange);
    }
  }

  #waitOn(silence: number): void {
    const { autoStop } = this.#options;
    if (autoStop === undefined || this.#stopping !== undefined) return;
    const mayStop = this.#listener.mayStop?.() ?? true;
    const isLastThird = mayStop && silence > (autoStop * 2) / 3;
    this.#listener.onCountdown?.(isLastThird ? Math.max(0, Math.ceil(autoStop - silence)) : undefined);
    if (mayStop && silence >= autoStop) this.stop().catch(reportError);
  }

  #fail(error: unknown): void {
    if (this.#state === 'idle' || this.#state === 'error') return;
    this.#microphone?.stop().catch(reportError);
    if (this.#abort.signal.aborted || isAsrError(error, 'cancelled')) return this.#go('idle');
    this.#abort.abort();
    this.#stream?.cancel().catch(reportError);
    this.#host.noteFailure(error);
    this.#listener.onError(error);
    this.#go('error');
  }

  #go(to: DictationState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#listener.onState(to, from);
  }
}

function concat(chunks: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
