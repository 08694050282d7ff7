import { describe, expect, it } from 'vitest';
import { type MfccConfig, MfccExtractor } from './mfcc.ts';

const BASE: MfccConfig = {
  sampleRate: 16_000,
  windowLength: 400,
  hopLength: 160,
  nFft: 512,
  window: 'hann',
  lowFreq: 0,
  highFreq: null,
  numMels: 64,
  numMfcc: 64,
  norm: 'ortho',
  log: true,
};

// Compared with NeMo's coefficients in src/model/front-end-goldens.test.ts.
describe('MfccExtractor', () => {
  it('gives finite numbers for signals shorter than the mirrored edge', () => {
    for (const numSamples of [0, 1, 2, 159, 160, 161]) {
      const { data, numFrames } = new MfccExtractor(BASE).extract(new Float32Array(numSamples).fill(0.5));
      expect(numFrames).toBe(Math.ceil(numSamples / 160));
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses more coefficients than mels', () => {
    expect(() => new MfccExtractor({ ...BASE, numMels: 20 })).toThrow(
      expect.objectContaining({ code: 'checkpoint-unsupported' }),
    );
  });
});
