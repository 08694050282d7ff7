/** A GPU is compared with WASM before it is trusted: what a right one is off by, and what becomes of one that computes wrong. */
import { expect } from '@playwright/test';
import { openHarness, test } from '../support/harness-page.ts';

const PATH = 'families/fastconformer-tdt-bpe/model.nemo';
const RIVER = 'The river was cold. But the sun was warm.';

test('a right GPU passes, once; the verdict is remembered', async ({ harness }) => {
  const { report: first } = await harness.call('open', PATH, { device: 'webgpu', cache: true });
  expect(first).toMatchObject({ device: 'webgpu', selfTest: { status: 'passed', tolerance: 2e-3, remembered: false } });
  expect(first.selfTest!.difference).toBeLessThan(1e-4);
  const { report: second } = await harness.call('open', PATH, { device: 'webgpu', cache: true });
  expect(second).toMatchObject({ device: 'webgpu', selfTest: { status: 'passed', remembered: true } });
});

test('without a GPU there is nothing to test', async ({ harness }) => {
  const { report } = await harness.call('open', PATH, { device: 'wasm' });
  expect(report.selfTest).toBeUndefined();
});

test('a GPU that computes wrong costs time, never words, and is not tried again', async ({ browser }) => {
  await using harness = await openHarness(browser);
  await harness.call('sabotage');
  const { report: first } = await harness.call('open', PATH, { device: 'webgpu', cache: true });
  const wrong = {
    requested: 'webgpu',
    device: 'wasm',
    decoderDevice: 'wasm',
    reason: expect.stringContaining('computes wrong results'),
    selfTest: { status: 'failed', remembered: false },
  };
  expect(first).toMatchObject(wrong);
  expect(first.selfTest!.difference).toBeGreaterThan(0.01);
  const { hypotheses } = await harness.call('transcribe', ['audio/river.wav'], {});
  expect(hypotheses.map(({ text }) => text)).toEqual([RIVER]);
  const { report: second } = await harness.call('open', PATH, { device: 'webgpu', cache: true });
  expect(second).toMatchObject({ ...wrong, selfTest: { status: 'failed', remembered: true } });
});
