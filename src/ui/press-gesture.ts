/**
 * One button or key, two gestures: a short press switches dictation on or off, a long one dictates while it is held.
 *
 * A release is never missed: losing the pointer, the window or the page ends a hold.
 */
import type { Scope } from '../base/scope.ts';

const HOLD_MS = 300;

/** What the gesture starts and stops. */
export interface Pressable {
  readonly state: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Tells holds from taps, whatever is pressed. */
export class PressGesture {
  readonly #mode: () => string | null;
  readonly #target: Pressable;
  #pressedAt = Number.NEGATIVE_INFINITY;
  #isHeld = false;
  #wasOn = false;

  constructor(scope: Scope, mode: () => string | null, target: Pressable) {
    this.#mode = mode;
    this.#target = target;
    scope.listen(window, 'blur', (event) => this.up(event));
    scope.listen(document, 'visibilitychange', (event) => this.up(event));
  }

  /** Something is being held down now. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Times are those of the events, when a finger moved, and not of a page that was late to look. */
  down({ timeStamp }: Event): void {
    if (this.#isHeld || timeStamp - this.#pressedAt < HOLD_MS) return; // a worn switch presses twice
    this.#wasOn = this.#isOn();
    this.#pressedAt = timeStamp;
    this.#isHeld = true;
    if (!this.#wasOn) this.#target.start().catch(reportError);
  }

  up({ timeStamp }: Event): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const isLong = timeStamp - this.#pressedAt >= HOLD_MS;
    const mode = this.#mode();
    const endsHold = mode === 'hold' || (mode !== 'toggle' && isLong);
    if (endsHold || this.#wasOn) this.#target.stop().catch(reportError);
  }

  /** A press without a length, from a screen reader or the keyboard. */
  toggle(): void {
    if (this.#isOn()) this.#target.stop().catch(reportError);
    else this.#target.start().catch(reportError);
  }

  /** The dictation has ended by itself: a hold in progress is over. */
  release(): void {
    this.#isHeld = false;
  }

  #isOn(): boolean {
    return !['idle', 'error', 'settling'].includes(this.#target.state);
  }
}

/** Lets a button drive the gesture; it never takes the focus from the field. */
export function watchButton(button: HTMLElement, scope: Scope, gesture: PressGesture): void {
  scope.listen<PointerEvent>(button, 'pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // keeps the focus where it is
    gesture.down(event);
  });
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'])
    scope.listen(button, type, (event) => gesture.up(event));
  // A click without a pointer comes from the keyboard or from assistive technology: it toggles.
  scope.listen<MouseEvent>(button, 'click', (event) => event.detail === 0 && gesture.toggle());
}
