/** A real engine protocol without a worker of its own: the two ends of a channel. */
import { expose } from 'comlink';
import type { WorkerLike } from '../../src/rpc/worker-link.ts';

/** Serves `engine` at one end of a channel; the other end behaves as the worker it would run in. */
export function workerServing(engine: unknown): EventTarget & WorkerLike {
  const { port1, port2 } = new MessageChannel();
  expose(engine, port1);
  const worker = Object.assign(new EventTarget(), {
    postMessage: port2.postMessage.bind(port2),
    terminate: () => port2.close(),
  }) as EventTarget & WorkerLike;
  port2.addEventListener('message', ({ data, ports }) =>
    worker.dispatchEvent(new MessageEvent('message', { data, ports: [...ports] })),
  );
  port2.start();
  return worker;
}
