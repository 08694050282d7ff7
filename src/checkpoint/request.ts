/**
 * HTTP as a checkpoint needs it: which failures are worth another try, how long to wait, and what to tell the user.
 *
 * An attempt *returns* a failure that may pass (cut, stall, 429, 5xx) and *throws* one that will not (404, refused, cancelled). A browser hides why a
 * request failed (offline, CORS, blocked by CSP look alike), so the message lists the causes.
 */
import { AsrError, isAsrError, messageOf } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';
import { StallTimer } from './stall-timer.ts';

export type Fetch = typeof globalThis.fetch;

export type RetryPolicy = {
  /** Tries in a row without progress before giving up. */
  readonly maxTries: number;
  /** Wait after the first failure; doubles each time, plus up to a quarter at random. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A request that delivers nothing for this long is dropped and tried again. */
  readonly stallMs: number;
};

export const DEFAULT_RETRY: RetryPolicy = { maxTries: 6, firstDelayMs: 1000, maxDelayMs: 30_000, stallMs: 30_000 };

const MAX_RETRY_AFTER_MS = 120_000;

/** What became of one attempt. */
export type Attempt<T> =
  | { readonly value: T }
  | { readonly failure: AsrError; readonly afterMs?: number; readonly madeProgress?: boolean };

/**
 * Repeats `attempt` until it has a value, throws, or failed `maxTries` times in a row without progress.
 *
 * A device that knows it is offline is not made to wait when nothing has come yet.
 */
export async function withRetries<T>(
  attempt: () => Promise<Attempt<T>>,
  retry: RetryPolicy,
  signal: AbortSignal | undefined,
): Promise<T> {
  let numFailures = 0;
  let hasProgressed = false;
  for (;;) {
    throwIfAborted(signal);
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    throwIfAborted(signal);

    const { failure, afterMs, madeProgress = false } = outcome;
    hasProgressed ||= madeProgress;
    numFailures = madeProgress ? 1 : numFailures + 1;
    const isHopeless = failure.code === 'offline' && !hasProgressed;
    if (numFailures >= retry.maxTries || isHopeless) throw failure;
    await delay(afterMs ?? backOffMs(retry, numFailures), signal);
  }
}

export type RequestOptions = RequestInit & {
  /** Statuses besides 2xx that are answers too. */
  readonly accepted?: readonly number[];
  /** The error of a response that is not. @default statusError */
  readonly explain?: (response: Response) => AsrError;
};

/** One request; a response other than 2xx (or one of `accepted`) counts as a failure. */
export async function requestOnce(fetch: Fetch, url: string, init: RequestOptions): Promise<Attempt<Response>> {
  const { accepted = [], explain, ...requestInit } = init;
  let response: Response;
  try {
    response = await fetch(url, { cache: 'no-store', ...requestInit });
  } catch (thrown) {
    return { failure: networkError(url, thrown) }; // also when aborted: `withRetries` looks at the caller's signal
  }
  if (response.ok || accepted.includes(response.status)) return { value: response };
  await response.body?.cancel().catch(() => {});
  const failure = explain === undefined ? statusError(url, response.status) : explain(response);
  if (!isTransient(response.status)) throw failure;
  const afterMs = retryAfterMs(response);
  return afterMs === undefined ? { failure } : { failure, afterMs };
}

/** What `read` makes of the answer, with retries; answer and reading together may stall no longer than the policy says. */
export async function ask<T>(
  fetch: Fetch,
  url: string,
  init: RequestOptions,
  read: (response: Response) => Promise<T>,
  { retry, signal }: { readonly retry: RetryPolicy; readonly signal: AbortSignal | undefined },
): Promise<T> {
  const attempt = async (): Promise<Attempt<T>> => {
    const stall = new StallTimer(retry.stallMs, signal);
    try {
      const outcome = await requestOnce(fetch, url, { ...init, signal: stall.signal });
      return 'failure' in outcome ? outcome : { value: await read(outcome.value) };
    } catch (thrown) {
      if (isAsrError(thrown)) throw thrown;
      return { failure: networkError(url, thrown) };
    } finally {
      stall.stop();
    }
  };
  return withRetries(attempt, retry, signal);
}

/** The error of a request that got no response, or lost it half-way. */
export function networkError(url: string, thrown: unknown): AsrError {
  if (isOffline(thrown)) {
    return new AsrError(
      'offline',
      `This device is offline: ${shownUrl(url)} cannot be reached. Connect and try again.`,
      {
        cause: thrown,
      },
    );
  }
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return new AsrError('download-failed', `${shownUrl(url)}: ${thrown.message}`, { cause: thrown });
  }
  const causes =
    'the server is down, the connection was cut, or the browser blocked it (CORS headers missing, content security policy)';
  return new AsrError('download-failed', `${shownUrl(url)} could not be read: ${causes}. (${messageOf(thrown)})`, {
    cause: thrown,
  });
}

/** The error of a response that is not a success. */
export function statusError(url: string, status: number): AsrError {
  const where = shownUrl(url);
  if (status === 404 || status === 410) {
    return new AsrError('checkpoint-not-found', `There is nothing at ${where} (HTTP ${status}). Check the address.`);
  }
  if (status === 401 || status === 403) {
    const help =
      'It needs permission: for a private or gated repository accept its terms on its page and pass accessToken.';
    return new AsrError('download-failed', `${where} refuses access (HTTP ${status}). ${help}`);
  }
  return new AsrError('download-failed', `${where} answered with HTTP ${status}. Try again later.`);
}

/** An address fit for messages: without credentials, query and fragment, which may carry secrets. */
export function shownUrl(url: string): string {
  try {
    const { origin, pathname, protocol } = new URL(url);
    return protocol === 'data:' || protocol === 'blob:' ? `${protocol}…` : origin + pathname;
  } catch {
    return url.split(/[?#]/, 1)[0] ?? '';
  }
}

/** A fetch that sends the token to the hub's own origin and nowhere else; redirects drop it by the fetch standard. */
export function authorizedFetch(fetch: Fetch, hubUrl: string, accessToken: string | undefined): Fetch {
  if (accessToken === undefined || accessToken === '') return fetch;
  const hubOrigin = new URL(hubUrl).origin;
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (new URL(url, hubUrl).origin !== hubOrigin) return fetch(input, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${accessToken}`);
    return fetch(input, { ...init, headers });
  };
}

/** Waits; ends early with `AsrError('cancelled')`. */
export function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new AsrError('cancelled', 'The operation was cancelled.', { cause: signal?.reason }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function backOffMs(retry: RetryPolicy, numFailures: number): number {
  const wait = Math.min(retry.maxDelayMs, retry.firstDelayMs * 2 ** (numFailures - 1));
  return wait * (1 + Math.random() / 4);
}

function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN); // unreadable cross-origin unless exposed
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : undefined;
}

/** `onLine` is a hint only, and Node has none: there the name that cannot be resolved tells. */
function isOffline(thrown: unknown): boolean {
  if ((globalThis.navigator as { readonly onLine?: boolean } | undefined)?.onLine === false) return true;
  const cause = thrown instanceof Error ? (thrown.cause as { readonly code?: unknown } | undefined) : undefined;
  return cause?.code === 'EAI_AGAIN' || cause?.code === 'ENETUNREACH';
}
