import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { Resampler, resample } from './resample.ts';

const golden = openGolden('resampling');

describe('resample', () => {
  it.each([8000, 22_050, 32_000, 44_100, 48_000])("gives lhotse's samples from %i Hz", (rate) => {
    const expected = golden.array(`${rate}.lhotse`).data;
    const samples = resample(golden.array(`${rate}.input`).data, rate, 16_000);
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - samples[i]!)));
    expect(worst).toBeLessThan(1e-6);
  });

  it('gives ceil(length * to / from) samples', () => {
    expect(resample(new Float32Array(0), 44_100, 16_000)).toHaveLength(0);
    expect(resample(new Float32Array(1), 44_100, 16_000)).toHaveLength(1);
    expect(resample(new Float32Array(441), 44_100, 16_000)).toHaveLength(160);
    expect(resample(new Float32Array(442), 44_100, 16_000)).toHaveLength(161);
  });

  it('gives the same array back at the same rate', () => {
    const samples = Float32Array.of(1, 2);
    expect(resample(samples, 16_000, 16_000)).toBe(samples);
  });

  it.each([0, -1, 44_100.5, Number.NaN])('refuses a rate of %d Hz', (rate) => {
    expect(() => resample(new Float32Array(1), rate, 16_000)).toThrow(RangeError);
    expect(() => new Resampler(16_000, rate)).toThrow(RangeError);
  });
});

describe('Resampler', () => {
  it('gives the same samples as resampling at once, however the signal is cut', () => {
    const rates = fc.constantFrom(8000, 11_025, 16_000, 22_050, 44_100, 47_999, 48_000);
    const pieces = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 8 });
    fc.assert(
      fc.property(rates, fc.constantFrom(16_000, 8000), pieces, (from, to, lengths) => {
        const whole = Float32Array.from({ length: lengths.reduce((a, b) => a + b, 0) }, (_, i) => Math.sin(i * i));
        const resampler = new Resampler(from, to);
        const output: number[] = [];
        let at = 0;
        for (const length of lengths) {
          output.push(...resampler.push(whole.slice(at, at + length)));
          at += length;
        }
        output.push(...resampler.finish());
        expect(Float32Array.from(output)).toEqual(resample(whole, from, to));
      }),
      { numRuns: 40 },
    );
  });

  it('holds back less than a millisecond', () => {
    const resampler = new Resampler(44_100, 16_000);
    expect(resampler.push(new Float32Array(44_100)).length).toBeGreaterThan(16_000 - 16);
  });
});
