/** A worker whose script does not come is tried again; one that is there is used, with a real port for a worker. */
import { expect, test, vi } from 'vitest';
import { expose } from 'comlink';
import { startWorker } from './start-worker.ts';
import type { WorkerLike } from './worker-link.ts';

type Port = WorkerLike & { close(): void };

/** A worker that answers, over a channel. */
function answering(): Port {
  const { port1, port2 } = new MessageChannel();
  expose({ cancel() {} }, port2);
  port1.start();
  return Object.assign(port1, {
    terminate() {
      port1.close();
      port2.close();
    },
  }) as unknown as Port;
}

/** A worker whose script does not come. */
function failing(message = ''): Port {
  const port = answering();
  const target = new EventTarget();
  setTimeout(() => target.dispatchEvent(Object.assign(new Event('error'), { message })), 1);
  return {
    postMessage() {},
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    terminate: () => port.terminate(),
  } as unknown as Port;
}

test('a start that fails twice succeeds the third time', async () => {
  let numTries = 0;
  const link = await startWorker({ create: () => (++numTries < 3 ? failing() : answering()), firstDelayMs: 1 });
  expect(numTries).toBe(3);
  link.terminate();
});

test('one that fails three times says what did not come, and keeps what the browser told', async () => {
  const create = vi.fn(() => failing());
  const start = startWorker({ create, firstDelayMs: 1 });
  await expect(start).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('3 tries: its script did not come'),
    cause: { code: 'download-failed' },
  });
  expect(create).toHaveBeenCalledTimes(3);
});

test('a worker that starts and crashes is not started again', async () => {
  const create = vi.fn(() => failing('SyntaxError: broken'));
  const start = startWorker({ create, firstDelayMs: 1 });
  await expect(start).rejects.toMatchObject({ code: 'device-lost', message: expect.stringContaining('broken') });
  expect(create).toHaveBeenCalledTimes(1);
});

test('a signal ends the tries', async () => {
  const controller = new AbortController();
  const start = startWorker({ create: () => failing(), firstDelayMs: 1, signal: controller.signal });
  controller.abort();
  await expect(start).rejects.toMatchObject({ code: 'cancelled' });
});
