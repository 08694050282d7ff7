/**
 * One button, two gestures: a short press switches dictation on or off, a long one dictates while it is held.
 *
 * The button never takes the focus from the field, and a release is never missed: losing the pointer, the window or the page ends a hold.
 */
import type { Scope } from '../base/scope.ts';

const HOLD_MS = 300;

/** What the gesture starts and stops. */
export interface Pressable {
  readonly state: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Watches a button until its scope ends. */
export class PressGesture {
  readonly #mode: () => string | null;
  readonly #target: Pressable;
  #pressedAt = 0;
  #isHeld = false;
  #wasOn = false;

  constructor(button: HTMLElement, scope: Scope, mode: () => string | null, target: Pressable) {
    this.#mode = mode;
    this.#target = target;
    scope.listen<PointerEvent>(button, 'pointerdown', (event) => this.#down(event));
    scope.listen(button, 'pointerup', () => this.#up());
    for (const type of ['pointercancel', 'lostpointercapture']) scope.listen(button, type, () => this.#up());
    scope.listen(window, 'blur', () => this.#up());
    scope.listen(document, 'visibilitychange', () => this.#up());
    // A click without a pointer comes from the keyboard or from assistive technology: it toggles.
    scope.listen<MouseEvent>(button, 'click', (event) => event.detail === 0 && this.#toggle());
  }

  /** The dictation has ended by itself: a hold in progress is over. */
  release(): void {
    this.#isHeld = false;
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault(); // keeps the focus where it is
    this.#wasOn = this.#isOn();
    this.#pressedAt = performance.now();
    this.#isHeld = true;
    if (!this.#wasOn) this.#target.start().catch(reportError);
  }

  #up(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const isLong = performance.now() - this.#pressedAt >= HOLD_MS;
    const mode = this.#mode();
    const endsHold = mode === 'hold' || (mode !== 'toggle' && isLong);
    if (endsHold || this.#wasOn) this.#target.stop().catch(reportError);
  }

  #toggle(): void {
    if (this.#isOn()) this.#target.stop().catch(reportError);
    else this.#target.start().catch(reportError);
  }

  #isOn(): boolean {
    return !['idle', 'error', 'settling'].includes(this.#target.state);
  }
}
