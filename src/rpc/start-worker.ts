/**
 * Starts a recognition worker and waits until it answers: its script is a download like any other, so a start that fails is tried again.
 *
 * A browser hides why a worker's script did not come (the `error` event has no message); where its timeline knows the status it is told.
 */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import { createWorker } from './create-worker.ts';
import { WorkerLink, type WorkerLike } from './worker-link.ts';

const MAX_TRIES = 3;
const FIRST_DELAY_MS = 500; // doubles: a connection that was cut is back within a second or two, and somebody is waiting

export type StartOptions = {
  readonly signal?: AbortSignal | undefined;
  /** @default the recognition worker */
  readonly create?: () => WorkerLike;
  readonly firstDelayMs?: number;
};

/** @throws AsrError `download-failed` or `offline` for a worker that does not start, `cancelled` */
export async function startWorker({
  signal,
  create = createWorker,
  firstDelayMs = FIRST_DELAY_MS,
}: StartOptions = {}): Promise<WorkerLink> {
  for (let numTries = 1; ; numTries++) {
    const link = new WorkerLink(create());
    try {
      await link.run(async () => link.remote.cancel(0), signal); // no job has this number: an answer is all that is wanted
      return link;
    } catch (error) {
      const isNotStarted = link.end?.code === 'download-failed';
      link.terminate();
      if (!isNotStarted) throw error;
      if (numTries === MAX_TRIES) throw notStarted(error);
      await new Promise((resolve) => setTimeout(resolve, firstDelayMs * 2 ** (numTries - 1)));
      throwIfAborted(signal);
    }
  }
}

function notStarted(cause: unknown): AsrError {
  if (globalThis.navigator?.onLine === false)
    return new AsrError(
      'offline',
      'This device is offline, and the recognition worker is not kept in this browser. Connect and try again.',
      { cause },
    );
  return new AsrError(
    'download-failed',
    `The recognition worker could not be started in ${MAX_TRIES} tries: ${whatCame()}.`,
    { cause },
  );
}

/** What the timeline knows of the worker's script. */
function whatCame(): string {
  const entries = (globalThis.performance?.getEntriesByType?.('resource') ?? []) as PerformanceResourceTiming[];
  const script = entries.filter(({ name }) => /asr\.worker/.test(name)).at(-1);
  if (script && script.responseStatus >= 400)
    return `${script.name.replace(/[?#].*/, '')} answered with HTTP ${script.responseStatus}`;
  return 'its script did not come (the server is down, the connection was cut, the file is missing), or the page’s security policy (worker-src) forbids it';
}
