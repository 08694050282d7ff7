/** A form sent in the middle of a sentence waits for its last words, for a second at most; what comes later never sends it again. */
import type { Scope } from '../base/scope.ts';

const MAX_WAIT_MS = 1000;

/** Holds submits of `form()` while `isBusy()`, until `settle()` is done. */
export function holdSubmit(
  scope: Scope,
  { form, isBusy, settle }: { form: () => HTMLFormElement | null; isBusy: () => boolean; settle: () => Promise<void> },
): void {
  let isHolding = false;
  let isPassing = false;
  // On the document and in the capture phase: before the page's own listeners see an incomplete form.
  scope.listen<SubmitEvent>(
    document,
    'submit',
    (event) => {
      const target = form();
      if (!target || event.target !== target || isPassing || !isBusy()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (isHolding) return;
      isHolding = true;
      const { submitter } = event;
      const timeIsUp = new Promise<void>((resolve) => scope.timeout(resolve, MAX_WAIT_MS));
      Promise.race([settle(), timeIsUp])
        .catch(reportError)
        .finally(() => {
          isHolding = false;
          isPassing = true;
          target.requestSubmit(submitter);
          isPassing = false;
        });
    },
    { capture: true },
  );
}
