import { expect, test } from 'vitest';
import { ifUnlocked, withLock } from './lock.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('holders of one name run one after another, in the order in which they asked', async () => {
  const log: string[] = [];
  const hold = (label: string): Promise<string> =>
    withLock('order', async () => {
      log.push(`${label} in`);
      await pause(5);
      log.push(`${label} out`);
      return label;
    });
  expect(await Promise.all([hold('a'), hold('b'), hold('c')])).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

test('different names do not wait for one another', async () => {
  await withLock('outer', () => withLock('inner', async () => {}));
});

test('an error of the holder reaches only the holder', async () => {
  const failing = withLock('fails', async () => {
    throw new RangeError('mine');
  });
  const next = withLock('fails', async () => 'fine');
  await expect(failing).rejects.toThrow('mine');
  expect(await next).toBe('fine');
});

test('a waiter can be cancelled, and those behind it still get their turn', async () => {
  const abort = new AbortController();
  const first = withLock('cancel', () => pause(20));
  const second = withLock('cancel', async () => 'never', abort.signal);
  const third = withLock('cancel', async () => 'third');
  abort.abort();
  await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  await first;
  expect(await third).toBe('third');
});

test('ifUnlocked runs only when the name is free', async () => {
  const held = withLock('try', () => pause(10));
  expect(await ifUnlocked('try', async () => {})).toBe(false);
  await held;
  await pause(0);
  expect(await ifUnlocked('try', async () => {})).toBe(true);
});
