/** Keeps dictated text out of an open IME composition: what arrives meanwhile waits until it is closed. */
import type { Scope } from '../base/scope.ts';

/** Runs tasks at once, or after the composition that is open in the page; ends with the scope. */
export class CompositionGuard {
  #isComposing = false;
  #waiting: (() => void)[] = [];

  constructor(scope: Scope) {
    scope.listen(
      document,
      'compositionstart',
      () => {
        this.#isComposing = true;
      },
      { capture: true },
    );
    scope.listen(
      document,
      'compositionend',
      () => {
        this.#isComposing = false;
        // The field takes the composed text only after this event.
        scope.timeout(() => {
          for (const task of this.#waiting.splice(0)) task();
        }, 0);
      },
      { capture: true },
    );
  }

  run(task: () => void): void {
    if (this.#isComposing) this.#waiting.push(task);
    else task();
  }
}
