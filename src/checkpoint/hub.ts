/**
 * Finds the checkpoint in a Hugging Face repository: one `.nemo`, or the files of an extracted one.
 *
 * The revision is resolved to a commit once and everything after is asked of that commit, so that no download mixes two versions. The library's
 * calls get our own `fetch`, which adds the token (for the hub's origin only), the signal, retries and our errors; its lazy Blobs are not used for
 * the weights, because a download has to survive cuts and reloads (`download.ts`).
 */
import { HUB_URL, fileDownloadInfo, listFiles, modelInfo } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import { AsrError, isAsrError } from '../base/errors.ts';
import { hubError } from './hub-error.ts';
import { DEFAULT_RETRY, ask, authorizedFetch } from './request.ts';
import type { Fetch, RetryPolicy } from './request.ts';
import type { RemoteCheckpoint, RemoteFile } from './remote-checkpoint.ts';
import { MODEL_CONFIG, findCheckpointFiles } from './find-files.ts';

/** More files than any ASR repository has; a listing is cut there. */
const MAX_LISTED_FILES = 10_000;
const SHA256 = /^[0-9a-f]{64}$/;

export type HubOptions = {
  /** Branch, tag or commit. @default 'main' */
  readonly revision?: string;
  /** @default 'https://huggingface.co' */
  readonly hubUrl?: string;
  readonly accessToken?: string;
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  readonly retry?: RetryPolicy;
};

/**
 * The checkpoint of `repo` (`owner/name`) at a revision, with every size and known hash.
 *
 * @throws AsrError 'checkpoint-not-found' (no such repository or revision, or no checkpoint in it: the message lists what there is),
 *   'download-failed' (private, gated, unreachable), 'offline', 'cancelled'
 */
export async function findHubCheckpoint(repo: string, options: HubOptions): Promise<RemoteCheckpoint> {
  const commit = await resolveCommit(repo, options);
  const entries = await listRepository(repo, commit, options);
  const found = findCheckpointFiles(entries, repo);
  const files = found.paths.map((path, index): RemoteFile => {
    const entry = entries.find((candidate) => candidate.path === path)!;
    const sha256 = entry.lfs?.oid;
    return {
      name: found.names[index] ?? path,
      url: fileUrl(repo, commit, path, options),
      sizeBytes: entry.lfs?.size ?? entry.size,
      ...(sha256 !== undefined && SHA256.test(sha256) ? { sha256 } : {}),
    };
  });
  const largest = files.reduce((a, b) => (b.sizeBytes > a.sizeBytes ? b : a));
  await checkAccess(repo, commit, found.paths[files.indexOf(largest)] ?? MODEL_CONFIG, options);

  const content = largest.sha256 ?? `${largest.sizeBytes}`;
  const id = `hub:${hubOf(options)}/${repo}@${commit}/${found.isArchive ? largest.name : found.folder}#${content}`;
  return { id, name: repo, commit, isArchive: found.isArchive, files };
}

/** The commit a revision stands for now; one small request. */
export async function resolveCommit(repo: string, options: HubOptions): Promise<string> {
  const { revision = 'main' } = options;
  const info = await modelInfo({
    name: repo,
    revision,
    hubUrl: hubOf(options),
    additionalFields: ['sha'],
    fetch: hubFetch(repo, options),
  }).catch((thrown: unknown) => {
    throw asHubError(repo, thrown, options);
  });
  if (typeof info.sha !== 'string' || info.sha === '') {
    throw new AsrError('download-failed', `${hubOf(options)} does not tell the commit of ${repo} at '${revision}'.`);
  }
  return info.sha;
}

/** Base address of the hub, without a slash at the end. */
export function hubOf(options: { readonly hubUrl?: string }): string {
  return (options.hubUrl ?? HUB_URL).replace(/\/+$/, '');
}

async function listRepository(repo: string, commit: string, options: HubOptions): Promise<ListFileEntry[]> {
  const entries: ListFileEntry[] = [];
  try {
    const listing = listFiles({
      repo: { type: 'model', name: repo },
      revision: commit,
      recursive: true,
      hubUrl: hubOf(options),
      fetch: hubFetch(repo, options),
    });
    for await (const entry of listing) {
      const isUsable = entry.type === 'file' && typeof entry.path === 'string' && Number.isSafeInteger(entry.size);
      if (isUsable && entry.size >= 0) entries.push(entry);
      if (entries.length >= MAX_LISTED_FILES) break;
    }
  } catch (thrown) {
    throw asHubError(repo, thrown, options);
  }
  return entries;
}

/** Gated repositories list their files to everybody and refuse only the bytes: better told now than after the user agreed to a download. */
async function checkAccess(repo: string, commit: string, path: string, options: HubOptions): Promise<void> {
  try {
    await fileDownloadInfo({
      repo: { type: 'model', name: repo },
      revision: commit,
      path: encodePath(path),
      hubUrl: hubOf(options),
      fetch: hubFetch(repo, options),
    });
  } catch (thrown) {
    // Anything else is the library missing a header that mirrors hide from pages; the listing has the size.
    if (isAsrError(thrown)) throw thrown;
  }
}

function hubFetch(repo: string, options: HubOptions): Fetch {
  const { fetch = globalThis.fetch, accessToken, retry = DEFAULT_RETRY, signal } = options;
  const authorized = authorizedFetch(fetch, hubOf(options), accessToken);
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const explain = (response: Response): AsrError => hubError(response, repo, options);
    return ask(authorized, url, { ...init, explain }, withSmallBody, { retry, signal });
  };
}

/** JSON is read here, under the stall timer; of a file (where a server without ranges sends all of it) only the headers matter. */
async function withSmallBody(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (/^application\/json\b/.test(headers.get('Content-Type') ?? ''))
    return new Response(await response.text(), { status, headers });
  await response.body?.cancel().catch(() => {});
  return new Response(null, { status, headers });
}

/** Errors of our own fetch pass; what the library makes of a strange answer (not JSON, other fields) is told without its details. */
function asHubError(repo: string, thrown: unknown, options: HubOptions): AsrError {
  if (isAsrError(thrown)) return thrown;
  const message = `${hubOf(options)} gave an answer about ${repo} that is not the hub's: a login or proxy page?`;
  return new AsrError('download-failed', message, { cause: thrown });
}

function fileUrl(repo: string, commit: string, path: string, options: HubOptions): string {
  return `${hubOf(options)}/${repo}/resolve/${encodeURIComponent(commit)}/${encodePath(path)}`;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
