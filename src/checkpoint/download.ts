/**
 * Downloads one file of known size into parts, however often the line is cut.
 *
 * A body that ends is no proof that it is whole, so only the announced size and, where known, the SHA-256 end a download. Resuming asks a plain
 * `Range` without `If-Range` (that would cost a CORS preflight, which CDNs refuse): the content is pinned by its key, checked by ETag where the
 * server lets us read it, and proved by the hash. Never append a body without looking at its status: 200 to a range is the whole file again.
 */
import type { OnProgress } from '../base/progress.ts';
import { AsrError, isAsrError } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';
import { DownloadParts, downloadLock } from './download-parts.ts';
import type { DownloadTarget } from './download-parts.ts';
import { withLock } from './lock.ts';
import { DEFAULT_RETRY, networkError, requestOnce, shownUrl, withRetries } from './request.ts';
import type { Attempt, Fetch, RetryPolicy } from './request.ts';
import { StallTimer } from './stall-timer.ts';
import { TransferMeter } from './transfer-meter.ts';

/** Less than this does not count as progress: a server that always cuts at once must not be asked for ever. */
const MIN_PROGRESS_BYTES = 64 * 1024;
/** How often a file may change or shrink under the download before giving up. */
const MAX_RESTARTS = 1;

export type DownloadOptions = DownloadTarget & {
  /** ETag of the content, as far as the server tells it. */
  readonly etag?: string;
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Counts this file among others; without it the file is counted alone. */
  readonly meter?: TransferMeter;
  readonly retry?: RetryPolicy;
};

/**
 * The content of `url`, from the store as far as it is there already. Two callers, also in two tabs, download once.
 *
 * After any failure, and after a cancel, what has come stays in the store for the next attempt; `discardDownload` removes it.
 *
 * @throws AsrError 'integrity' (wrong content, removed), 'checkpoint-not-found', 'download-failed', 'offline', 'cancelled'
 */
export function downloadToParts(url: string, options: DownloadOptions): Promise<Blob> {
  const run = async (): Promise<Blob> => {
    const meter = options.meter ?? new TransferMeter(options.sizeBytes, options.onProgress);
    const parts = await DownloadParts.resume(options);
    meter.skip(parts.receivedBytes);
    try {
      await receiveRest(url, parts, { ...options, meter });
    } catch (error) {
      if (!isAsrError(error, 'integrity')) await parts.pause();
      throw error;
    }
    meter.report();
    return parts.finish();
  };
  return withLock(downloadLock(options.key), run, options.signal);
}

type Transfer = DownloadOptions & { readonly meter: TransferMeter };

async function receiveRest(url: string, parts: DownloadParts, transfer: Transfer): Promise<void> {
  if (parts.isComplete) return;
  let numRestarts = 0;
  const attempt = async (): Promise<Attempt<void>> => {
    const before = parts.receivedBytes;
    const failure = await receive(url, parts, transfer);
    if (failure === undefined) return { value: undefined };
    if (failure.mustRestart) {
      numRestarts += 1;
      if (numRestarts > MAX_RESTARTS) throw failure.failure;
      transfer.meter.skip(-parts.receivedBytes);
      await parts.restart();
    }
    const gained = parts.receivedBytes - before;
    return { ...failure, madeProgress: gained >= Math.min(MIN_PROGRESS_BYTES, transfer.sizeBytes) };
  };
  await withRetries(attempt, transfer.retry ?? DEFAULT_RETRY, transfer.signal);
}

type Failure = { readonly failure: AsrError; readonly afterMs?: number; readonly mustRestart?: boolean };

/** One request for what is missing; undefined when the file is complete. */
async function receive(url: string, parts: DownloadParts, transfer: Transfer): Promise<Failure | undefined> {
  const { fetch = globalThis.fetch, sizeBytes, signal, retry = DEFAULT_RETRY } = transfer;
  const start = parts.receivedBytes;
  const stall = new StallTimer(retry.stallMs, signal);
  try {
    const outcome = await requestOnce(fetch, url, {
      headers: { Range: `bytes=${start}-${sizeBytes - 1}` },
      signal: stall.signal,
      accepted: [416],
    });
    if ('failure' in outcome) return outcome;

    const response = outcome.value;
    const problem = checkResponse(url, response, start, transfer);
    if (problem !== undefined) {
      await response.body?.cancel().catch(() => {});
      return problem;
    }
    const toSkip = response.status === 200 ? start : 0; // the server ignored the range
    await receiveBody(url, response, parts, { transfer, stall, toSkip });
  } catch (thrown) {
    throwIfAborted(signal);
    if (isAsrError(thrown)) throw thrown;
    return { failure: networkError(url, thrown) };
  } finally {
    stall.stop();
  }
  if (parts.isComplete) return undefined;
  const message = `The download of ${shownUrl(url)} ended after ${parts.receivedBytes} of ${sizeBytes} bytes.`;
  return { failure: new AsrError('download-failed', message) };
}

/** What is wrong with the answer to `Range: bytes=start-`; headers are checked as far as the server lets us read them. */
function checkResponse(url: string, response: Response, start: number, transfer: Transfer): Failure | undefined {
  const { etag, sizeBytes } = transfer;
  const fail = (what: string): AsrError => new AsrError('download-failed', `${shownUrl(url)} ${what}`);
  const type = response.headers.get('Content-Type') ?? '';
  if (response.status === 416) {
    return { failure: fail(`no longer has ${sizeBytes} bytes (HTTP 416).`), mustRestart: true };
  }
  const now = response.headers.get('ETag');
  if (etag !== undefined && now !== null && strongPart(now) !== strongPart(etag)) {
    return { failure: fail('was replaced on the server during the download: open it again.'), mustRestart: true };
  }
  if (response.status === 200) {
    const isPage = /^text\/html\b/i.test(type);
    return isPage
      ? { failure: fail('answered with a web page instead of the file: a login or proxy page?') }
      : undefined;
  }
  if (response.status !== 206 || /^multipart\//i.test(type)) {
    return { failure: fail(`answered a range request with HTTP ${response.status} ${type}.`) };
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('Content-Range') ?? '');
  if (range === null) return undefined;
  if (Number(range[1]) !== start) return { failure: fail(`sent bytes from ${range[1]} instead of ${start}.`) };
  if (range[3] === '*' || Number(range[3]) === sizeBytes) return undefined;
  return { failure: fail(`now has ${range[3]} bytes instead of ${sizeBytes}: open it again.`), mustRestart: true };
}

async function receiveBody(
  url: string,
  response: Response,
  parts: DownloadParts,
  { transfer, stall, toSkip }: { readonly transfer: Transfer; readonly stall: StallTimer; readonly toSkip: number },
): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let skipped = 0;
  try {
    for (;;) {
      stall.watch();
      const { done, value } = await reader.read();
      stall.pause();
      if (done) return;
      const chunk = value.subarray(Math.min(value.length, toSkip - skipped));
      skipped += value.length - chunk.length;
      if (parts.receivedBytes + chunk.length > transfer.sizeBytes) {
        await parts.restart();
        const message = `${shownUrl(url)} sent more than the announced ${transfer.sizeBytes} bytes; what came was removed.`;
        throw new AsrError('integrity', message);
      }
      await parts.append(chunk);
      transfer.meter.add(chunk.length);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function strongPart(etag: string): string {
  return etag.replace(/^W\//, '').replace(/-gzip"$/, '"'); // proxies weaken and suffix what they compress
}
