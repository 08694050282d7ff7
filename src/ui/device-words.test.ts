import { expect, test } from 'vitest';
import { deviceLine, deviceWords } from './device-words.ts';

test('a reason is told where the processor was nobody’s choice, and once', () => {
  const reason = 'This browser has no WebGPU, so the model runs on the processor (WASM).';
  expect(deviceLine({ requested: 'auto', device: 'wasm', reason })).toBe(reason);
  expect(deviceLine({ requested: 'webgpu', device: 'wasm', reason })).toBe(reason);
  expect(deviceLine({ requested: 'wasm', device: 'wasm', reason: 'WASM was asked for.' })).toBe(
    'on the processor (WASM)',
  );
  expect(deviceLine({ requested: 'auto', device: 'webgpu', reason: 'WebGPU is available.' })).toBe(
    'on the graphics card (WebGPU)',
  );
  expect(deviceWords('wasm')).toBe('the processor');
});
