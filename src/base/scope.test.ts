import { expect, it } from 'vitest';
import { Scope } from './scope.ts';

it('cleans up last in, first out, once', () => {
  const scope = new Scope();
  const order: number[] = [];
  scope.onDispose(() => order.push(1));
  scope.onDispose(() => order.push(2));
  scope.dispose();
  scope.dispose();
  expect(order).toEqual([2, 1]);
});

it('cleans up at once what is registered too late', () => {
  const scope = new Scope();
  scope.dispose();
  let isClean = false;
  scope.onDispose(() => {
    isClean = true;
  });
  expect(isClean).toBe(true);
});

it('ends its children and its timers', async () => {
  const scope = new Scope();
  const child = scope.child();
  let hasFired = false;
  child.timeout(() => {
    hasFired = true;
  }, 1);
  scope.dispose();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect([child.isDisposed, hasFired]).toEqual([true, false]);
});
