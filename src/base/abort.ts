/** Cancellation by `AbortSignal`: one error for all, checked between pieces of work. */
import { AsrError } from './errors.ts';

/** Throws `AsrError('cancelled')` when the signal has fired; `signal.reason` is kept as the cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AsrError('cancelled', 'The operation was cancelled.', { cause: signal.reason });
}
