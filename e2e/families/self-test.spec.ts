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
  await harness.call('sabotage', 'exp');
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

test('right decoders pass with the encoder, where they run on the GPU', async ({ harness }) => {
  for (const [family, decoderDevice] of [
    ['fastconformer-tdt-bpe', 'webgpu'],
    ['canary2-aed', 'auto'],
  ] as const) {
    const { report } = await harness.call('open', `families/${family}/model.nemo`, { device: 'webgpu', decoderDevice });
    expect(report, family).toMatchObject({
      device: 'webgpu',
      decoderDevice: 'webgpu',
      selfTest: { status: 'passed', remembered: false },
    });
    expect(report.selfTest!.difference, family).toBeLessThan(1e-4);
  }
});

test('a predictor whose shaders compute wrong is caught, and only where it runs on the GPU', async ({ browser }) => {
  await using harness = await openHarness(browser);
  await harness.call('sabotage', 'tanh'); // which an LSTM has and this encoder has not
  const { report: apart } = await harness.call('open', PATH, { device: 'webgpu', cache: true });
  expect(apart).toMatchObject({ device: 'webgpu', decoderDevice: 'wasm', selfTest: { status: 'passed' } });
  const { report } = await harness.call('open', PATH, { device: 'webgpu', decoderDevice: 'webgpu', cache: true });
  expect(report).toMatchObject({ device: 'wasm', decoderDevice: 'wasm', selfTest: { status: 'failed' } });
  expect(report.selfTest!.difference).toBeGreaterThan(0.01);
});

test('an attention decoder that gives wrong numbers is caught', async ({ browser }) => {
  await using harness = await openHarness(browser);
  await harness.call('weaken', 'decoder_step');
  const { report } = await harness.call('open', 'families/canary2-aed/model.nemo', { device: 'webgpu' });
  expect(report).toMatchObject({ device: 'wasm', decoderDevice: 'wasm', selfTest: { status: 'failed' } });
  expect(report.selfTest!.difference).toBeCloseTo(0.1, 2);
});
