/** What happens to several jobs at once when the GPU fails: in Node the WebGPU provider never starts, which is such a failure. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { AsrError } from '../base/errors.ts';
import { loadOrt } from '../runtime/ort.ts';
import { obtainParts } from './obtain-parts.ts';
import { choosePrecision } from './precision.ts';
import { ModelSessions } from './sessions.ts';

const GPU = { encoder: 'webgpu', decoder: 'auto' } as const;

async function openSessions(): Promise<{ sessions: ModelSessions; fallbacks: string[] }> {
  const file = openGolden('quartznet-ctc-char').archive();
  const precision = choosePrecision('fp32', { ...GPU, hasShaderF16: false });
  const parts = await obtainParts({ kind: 'file', file, name: 'tiny.nemo' }, { source: {}, precision });
  const fallbacks: string[] = [];
  const instance = await loadOrt({ webgpu: false, numThreads: 1 });
  return { sessions: new ModelSessions(instance, parts, GPU, (reason) => fallbacks.push(reason)), fallbacks };
}

test('jobs that fail together move to WASM once, and all are done again', async () => {
  const { sessions, fallbacks } = await openSessions();
  const jobs = [1, 2, 3].map(() => sessions.withFallback(async () => (await sessions.get('encoder')).device));
  expect(await Promise.all(jobs)).toEqual(['wasm', 'wasm', 'wasm']);
  expect(fallbacks).toHaveLength(1);
  await sessions.close();
});

test('a job that began on the GPU and fails after another one has left it is done again too', async () => {
  const { sessions, fallbacks } = await openSessions();
  let fail = (): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = () => reject(new AsrError('device-lost', 'gone'));
  });
  let numRuns = 0;
  const late = sessions.withFallback(async () => {
    numRuns += 1;
    return numRuns === 1 ? failed : (await sessions.get('encoder')).device;
  });
  await sessions.withFallback(() => sessions.get('encoder'));
  fail();
  expect(await late).toBe('wasm');
  expect(fallbacks).toHaveLength(1);
  await expect(sessions.withFallback(() => Promise.reject(new AsrError('device-lost', 'again')))).rejects.toThrow(
    'again',
  );
  await sessions.close();
});

test('what is told of a failure no more is forgotten', async () => {
  const { sessions } = await openSessions();
  const told: string[] = [];
  sessions.onReset(() => told.push('kept'));
  sessions.onReset(() => told.push('forgotten'))();
  await sessions.withFallback(() => sessions.get('encoder'));
  expect(told).toEqual(['kept']);
  await sessions.close();
});

test('what is asked for while the GPU is being given up is made on WASM', async () => {
  const { sessions } = await openSessions();
  let asked: ReturnType<typeof sessions.get> | undefined;
  sessions.onReset(() => {
    asked = sessions.get('encoder');
  });
  await sessions.withFallback(() => sessions.get('encoder'));
  expect((await asked)?.device).toBe('wasm');
  expect(await sessions.get('encoder')).toBe(await asked);
  await sessions.close();
});
