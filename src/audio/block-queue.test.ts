import { expect, it } from 'vitest';
import { BlockQueue } from './block-queue.ts';

it('gives a late reader everything, in order, also after the end', async () => {
  const queue = new BlockQueue();
  queue.push(Float32Array.of(1));
  queue.push(Float32Array.of(2, 3));
  expect(queue.numSamples).toBe(3);
  queue.end();
  queue.push(Float32Array.of(4));
  const read: number[] = [];
  for await (const block of queue) read.push(...block);
  expect(read).toEqual([1, 2, 3]);
});

it('lets a reader wait', async () => {
  const queue = new BlockQueue();
  const reader = queue[Symbol.asyncIterator]();
  const first = reader.next();
  queue.push(Float32Array.of(5));
  expect((await first).value).toEqual(Float32Array.of(5));
  const last = reader.next();
  queue.end();
  expect((await last).done).toBe(true);
});
