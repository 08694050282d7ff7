/**
 * Looks at a URL before anything is fetched: how large, which version, and is it a file at all.
 *
 * The probe is a GET of one byte, not a HEAD: a range is never compressed, so size and ETag are those of the file. A page answered for a missing
 * file (single-page servers do that, with status 200) is told as missing.
 */
import { AsrError } from '../base/errors.ts';
import { DEFAULT_RETRY, ask, shownUrl } from './request.ts';
import type { Fetch, RequestOptions, RetryPolicy } from './request.ts';
import type { RemoteCheckpoint } from './remote-checkpoint.ts';
import { Sha256 } from './sha256.ts';

export type ProbeOptions = {
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  readonly retry?: RetryPolicy;
};

/**
 * The `.nemo` at an http(s) address, with its size.
 *
 * @throws AsrError 'checkpoint-not-found', 'download-failed' (also when no size can be had), 'offline', 'cancelled'
 */
export async function findUrlCheckpoint(url: string, options: ProbeOptions): Promise<RemoteCheckpoint> {
  const probe = await send(url, { headers: { Range: 'bytes=0-0' }, accepted: [416] }, options);
  const shown = shownUrl(url);
  if (/^text\/html\b/i.test(probe.headers.get('Content-Type') ?? '')) {
    throw new AsrError('checkpoint-not-found', `At ${shown} there is a web page, not a checkpoint. Check the address.`);
  }
  const sizeBytes = sizeOfProbed(probe) ?? (await sizeByHead(url, options));
  if (sizeBytes === undefined) {
    const why = 'the server tells its size neither by Content-Range nor by Content-Length';
    throw new AsrError(
      'download-failed',
      `${shown} cannot be downloaded safely: ${why}. Save the file and open it from disk.`,
    );
  }
  if (sizeBytes === 0) throw new AsrError('checkpoint-corrupt', `The file at ${shown} is empty.`);

  const etag = probe.headers.get('ETag') ?? undefined;
  const version = etag ?? probe.headers.get('Last-Modified') ?? 'unversioned';
  const name = nameOf(url);
  const file = { name, url, sizeBytes, ...(etag === undefined ? {} : { etag }) };
  return { id: `url:${shown}${queryMark(url)}#${sizeBytes}:${version}`, name, isArchive: true, files: [file] };
}

/** Stands for the query of an address, which may be a secret (signed links) and must not be stored. */
export function queryMark(url: string): string {
  const { search } = new URL(url);
  return search === '' ? '' : `?${new Sha256().update(new TextEncoder().encode(search)).digestHex().slice(0, 16)}`;
}

/** Last part of the path, decoded. */
export function nameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || url;
  } catch {
    return last;
  }
}

async function send(
  url: string,
  init: RequestOptions,
  { fetch = globalThis.fetch, signal, retry = DEFAULT_RETRY }: ProbeOptions,
): Promise<Response> {
  const withoutBody = async (response: Response): Promise<Response> => {
    await response.body?.cancel().catch(() => {});
    return response;
  };
  return ask(fetch, url, init, withoutBody, { retry, signal });
}

function sizeOfProbed(response: Response): number | undefined {
  if (response.status === 206 || response.status === 416) {
    return toSize(/\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1]);
  }
  const isCoded = (response.headers.get('Content-Encoding') ?? 'identity') !== 'identity';
  return isCoded ? undefined : toSize(response.headers.get('Content-Length'));
}

/** Other origins may hide Content-Range, but Content-Length is always readable. */
async function sizeByHead(url: string, options: ProbeOptions): Promise<number | undefined> {
  const response = await send(url, { method: 'HEAD', accepted: [403, 405, 501] }, options);
  const isCoded = (response.headers.get('Content-Encoding') ?? 'identity') !== 'identity';
  return response.ok && !isCoded ? toSize(response.headers.get('Content-Length')) : undefined;
}

function toSize(text: string | null | undefined): number | undefined {
  const size = Number(text ?? Number.NaN);
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}
