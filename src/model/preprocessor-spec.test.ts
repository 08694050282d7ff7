/** Front ends as NeMo 3.0.0's constructors read them: 0 and null leave a length to the other form, and what cannot run is refused. */
import { expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { readMfccSpec } from './mfcc-spec.ts';
import { readMelSpec } from './preprocessor-spec.ts';

test('windows and hops come in seconds or in samples, and times from the hop where no stride is configured', () => {
  expect(readMelSpec({})).toMatchObject({ windowLength: 320, hopLength: 160, nFft: 512, windowStride: 0.01 });
  for (const empty of [null, 0]) {
    const inSamples = { window_size: empty, n_window_size: 400, window_stride: empty, n_window_stride: 320 };
    expect(readMelSpec(inSamples)).toMatchObject({ windowLength: 400, hopLength: 320, nFft: 512, windowStride: 0.02 });
    expect(readMfccSpec(inSamples)).toMatchObject({ windowLength: 400, hopLength: 320, windowStride: 0.02 });
  }
  expect(readMelSpec({ window_size: 0.025, n_window_size: null, n_fft: 0 })).toMatchObject({ windowLength: 400 });
});

test('an explicit null is off, as Python has it, and a highfreq of 0 is half the rate', () => {
  expect(readMelSpec({ log: null, exact_pad: null, mel_norm: null, preemph: null, highfreq: 0 })).toMatchObject({
    log: false,
    exactPad: false,
    melNorm: null,
    preemphasis: null,
    highFreq: null,
  });
  expect(readMfccSpec({ log: null, window: null })).toMatchObject({ log: false, window: 'none' });
});

test.each([
  ['no window, which NeMo cannot run', { window: null }, /preprocessor\.window is null/],
  ['a window of ones, which NeMo cannot run', { window: 'ones' }, /preprocessor\.window is "ones"/],
  ['both forms of a hop', { n_window_stride: 160 }, /n_window_stride is 160; supported is one of window_stride and/],
  ['both forms of a window', { n_window_size: 400 }, /n_window_size is 400/],
  ['no hop', { window_stride: null }, /window_stride is null; supported is a whole sample or more/],
  ['half a sample', { window_stride: null, n_window_stride: 0.5 }, /window_stride is 0\.5/],
  [
    'a window without end',
    { window_size: 1e9 },
    /window_size is 16000000000000 samples; supported is a window of at most/,
  ],
  ['a million bands', { features: 1e6 }, /preprocessor\.features is 1000000/],
  ['an unknown norm of the bank', { mel_norm: 'area' }, /preprocessor\.mel_norm is "area"/],
])('%s is refused', (_, section, message) => {
  const read = (): unknown => readMelSpec(section);
  expect(read).toThrow(message);
  expect(read).toThrow(expect.toSatisfy((error) => isAsrError(error, 'checkpoint-unsupported')));
});
