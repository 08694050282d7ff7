/** Long work in the page's thread, in slices short enough that nobody notices. */
import { Scope } from '../base/scope.ts';

/** Frames keep coming, and keys are answered. */
const SLICE_MS = 12;

/** What `steps` comes to. */
export async function unhurried<T>(steps: Generator<void, T>): Promise<T> {
  const scope = new Scope();
  for (let startedAt = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - startedAt < SLICE_MS) continue;
    await new Promise<void>((resolve) => scope.timeout(resolve, 0));
    startedAt = performance.now();
  }
}
