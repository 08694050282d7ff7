/** A caller's callback as something the worker can call; its own errors are reported in the page and never reach the worker. */
import { type ProxyMarked, proxy } from 'comlink';

/** Nothing is delivered once `signal` has fired, because the call it belongs to has already rejected. */
export function toWireCallback<T>(
  callback: (value: T) => void,
  signal: AbortSignal | undefined,
): ((value: T) => void) & ProxyMarked;
export function toWireCallback<T>(
  callback: ((value: T) => void) | undefined,
  signal: AbortSignal | undefined,
): (((value: T) => void) & ProxyMarked) | undefined;
export function toWireCallback<T>(
  callback: ((value: T) => void) | undefined,
  signal: AbortSignal | undefined,
): (((value: T) => void) & ProxyMarked) | undefined {
  if (!callback) return undefined;
  return proxy((value: T) => {
    if (signal?.aborted) return;
    try {
      callback(value);
    } catch (error) {
      reportError(error);
    }
  });
}
