import { describe, expect, it } from 'vitest';
import { oracle, readArray } from '../../e2e/fixtures/audio/read-oracle.ts';
import { type MfccConfig, MfccExtractor } from './mfcc.ts';
import type { WindowName } from './window.ts';

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

describe('MfccExtractor', () => {
  it.each(Object.keys(oracle.frontend).filter((name) => name.startsWith('mfcc')))(
    "gives NeMo's coefficients for %s",
    (name) => {
      const { config, outputs } = oracle.frontend[name]!;
      const extractor = new MfccExtractor({
        ...BASE,
        windowLength: Math.floor((config['window_size'] as number) * 16_000),
        window: (config['window'] ?? 'hann') as WindowName,
        lowFreq: (config['lowfreq'] ?? 0) as number,
        highFreq: (config['highfreq'] ?? null) as number | null,
        numMels: config['n_mels'] as number,
        numMfcc: config['n_mfcc'] as number,
      });
      for (const [signal, { length, columns }] of Object.entries(outputs)) {
        const { data, numFeatures, numFrames } = extractor.extract(readArray(`signal.16000.${signal}`));
        const expected = readArray(`${name}.${signal}`);
        expect(numFrames).toBe(length);
        for (let row = 0; row < numFeatures; row++)
          columns.forEach((column, i) => {
            const difference = Math.abs(data[row * numFrames + column]! - expected[row * columns.length + i]!);
            expect(difference).toBeLessThan(1e-3); // sums of up to 64 logarithms near log(1e-6) in float32
          });
      }
    },
  );

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
