/**
 * Remembers where a name led, so that a checkpoint in the store is found again without network.
 *
 * Online the server is asked first, with few tries: a new version under the same name is used. Only when it cannot be reached the last answer
 * counts (or when it now refuses: what is in the store stays usable). A 404 is an answer.
 */
import { isAsrError } from '../base/errors.ts';
import type { PartStore } from './part-store.ts';
import type { RemoteCheckpoint } from './remote-checkpoint.ts';
import type { RetryPolicy } from './request.ts';

const REMEMBERED_PREFIX = 'remembered/';
/** With an answer at hand nobody waits long for a better one. */
const IMPATIENT_STALL_MS = 5000;

/**
 * What `find` gives, or what it gave last time when the server cannot be reached.
 *
 * `find` gets the last answer, to save requests when nothing changed, and how often to try.
 */
export async function findOrRemember(
  store: PartStore | undefined,
  place: string,
  retry: RetryPolicy,
  find: (retry: RetryPolicy, last: RemoteCheckpoint | undefined) => Promise<RemoteCheckpoint>,
): Promise<RemoteCheckpoint> {
  const key = REMEMBERED_PREFIX + place;
  const last = (await store?.getRecord(key).catch(() => undefined)) as RemoteCheckpoint | undefined;
  try {
    const impatient: RetryPolicy = { ...retry, maxTries: 1, stallMs: Math.min(retry.stallMs, IMPATIENT_STALL_MS) };
    const found = await find(last === undefined ? retry : impatient, last);
    if (found !== last) await store?.setRecord(key, found).catch(() => {});
    return found;
  } catch (error) {
    const isUnreachable = isAsrError(error, 'offline') || isAsrError(error, 'download-failed');
    if (last !== undefined && isUnreachable) return last;
    throw error;
  }
}
