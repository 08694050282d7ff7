/**
 * What a refusal of the hub means. To somebody without a token a repository that does not exist looks like a private one (401), and a gated
 * one refuses only its bytes; `X-Error-Code` tells them apart where it is readable.
 */
import { AsrError } from '../base/errors.ts';
import { shownUrl, statusError } from './request.ts';

export type HubPlace = { readonly hubUrl?: string; readonly revision?: string; readonly accessToken?: string };

/** The error for an answer about `repo` that is not a success. The answer's own text is not repeated: it might echo the token. */
export function hubError(response: Response, repo: string, { revision = 'main', accessToken }: HubPlace): AsrError {
  const reason = response.headers.get('X-Error-Code') ?? '';
  const { status } = response;
  const page = `${new URL(response.url).origin}/${repo}`;
  if (reason === 'RevisionNotFound') {
    return new AsrError('checkpoint-not-found', `The repository ${repo} has no revision '${revision}'.`);
  }
  if (reason === 'EntryNotFound') {
    return new AsrError('checkpoint-not-found', `The repository ${repo} no longer has ${shownUrl(response.url)}.`);
  }
  if (reason === 'GatedRepo' || (status === 403 && reason === '')) {
    const message = `The repository ${repo} is gated: accept its terms at ${page}, then pass accessToken.`;
    return new AsrError('download-failed', message);
  }
  if (reason === 'RepoNotFound' || status === 404) {
    const hint = accessToken === undefined ? 'a private one needs accessToken' : 'or the token may not see it';
    return new AsrError('checkpoint-not-found', `There is no repository ${page}: check the spelling (${hint}).`);
  }
  if (status === 401) {
    const message =
      accessToken === undefined
        ? `The repository ${page} does not exist, or is private or gated: check the spelling, or pass accessToken.`
        : `The hub does not accept the accessToken for ${page}: it is wrong, expired, or may not read this repository.`;
    return new AsrError('download-failed', message);
  }
  return statusError(response.url, status);
}
