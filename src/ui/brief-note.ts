/** A word on something just done ("Copied"), gone after a few seconds. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { Scope } from '../base/scope.ts';

const SHOWN_MS = 4000;

/** Belongs to an element: `this.note = new BriefNote(this)`, show `note.text`. */
export class BriefNote implements ReactiveController {
  text = '';
  readonly #host: ReactiveControllerHost;
  #scope = new Scope();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  say(text: string): void {
    this.#scope.dispose();
    this.#scope = new Scope();
    this.#show(text);
    this.#scope.timeout(() => this.#show(''), SHOWN_MS);
  }

  hostDisconnected(): void {
    this.#scope.dispose();
  }

  #show(text: string): void {
    this.text = text;
    this.#host.requestUpdate();
  }
}
