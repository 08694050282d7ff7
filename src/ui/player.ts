/** The sound of one recording: an audio element that is made at the first play and frees the file when its owner ends. */
import { Scope } from '../base/scope.ts';

/** Plays a file from any second. Dispatches `change` while it plays and when it stops. */
export class Player extends EventTarget {
  readonly #file: Blob;
  readonly #scope = new Scope();
  #audio: HTMLAudioElement | undefined;

  constructor(file: Blob) {
    super();
    this.#file = file;
  }

  get isPlaying(): boolean {
    return this.#audio !== undefined && !this.#audio.paused;
  }

  /** Seconds; undefined before the first play. */
  get time(): number | undefined {
    return this.#audio?.currentTime;
  }

  /** Plays from `seconds`; the browser says no for containers it cannot play, which rejects. */
  async playFrom(seconds: number): Promise<void> {
    const audio = this.#element();
    audio.currentTime = seconds;
    await audio.play();
  }

  /** Plays on, or pauses. */
  async toggle(): Promise<void> {
    if (this.isPlaying) this.#audio?.pause();
    else await this.#element().play();
  }

  dispose(): void {
    this.#scope.dispose();
  }

  #element(): HTMLAudioElement {
    if (this.#audio) return this.#audio;
    const url = URL.createObjectURL(this.#file);
    const audio = new Audio(url);
    for (const type of ['timeupdate', 'play', 'pause', 'ended', 'seeked']) {
      this.#scope.listen(audio, type, () => this.dispatchEvent(new Event('change')));
    }
    this.#scope.onDispose(() => {
      audio.pause();
      audio.removeAttribute('src');
      URL.revokeObjectURL(url);
    });
    this.#audio = audio;
    return audio;
  }
}
