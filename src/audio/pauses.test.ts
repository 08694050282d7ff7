import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtPauses } from './pauses.ts';

const RATE = 1000;

/** A tone of `seconds` that is silent from 0.3 s before to 0.3 s after each of the given times. */
function speechWithPauses(seconds: number, pauses: readonly number[]): Float32Array {
  return Float32Array.from({ length: seconds * RATE }, (_, i) =>
    pauses.some((pause) => Math.abs(i / RATE - pause) < 0.3) ? 0 : Math.sin(i),
  );
}

describe('cutAtPauses', () => {
  it('leaves audio that fits in one piece', () => {
    expect(cutAtPauses(new Float32Array(30 * RATE), RATE)).toEqual([{ start: 0, end: 30 * RATE }]);
    expect(cutAtPauses(new Float32Array(0), RATE)).toEqual([]);
    expect(cutAtPauses(new Float32Array(1), RATE)).toEqual([{ start: 0, end: 1 }]);
  });

  it('cuts inside the pauses', () => {
    const ranges = cutAtPauses(speechWithPauses(70, [22, 45]), RATE);
    expect(ranges).toHaveLength(3);
    expect(Math.abs(ranges[0]!.end / RATE - 22)).toBeLessThan(0.3);
    expect(Math.abs(ranges[1]!.end / RATE - 45)).toBeLessThan(0.3);
  });

  it('covers everything in order within its limits, whatever the sound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (length, maxSeconds, seed) => {
          const samples = Float32Array.from({ length }, (_, i) => Math.sin(i * i * seed) * Math.sin(i / 700));
          const minSeconds = (maxSeconds * seed) / 2;
          const ranges = cutAtPauses(samples, RATE, { maxSeconds, minSeconds });
          let at = 0;
          for (const { start, end } of ranges) {
            expect(start).toBe(at);
            expect(end - start).toBeLessThanOrEqual(maxSeconds * RATE);
            if (ranges.length > 1) expect(end - start).toBeGreaterThanOrEqual(Math.floor(minSeconds * RATE));
            at = end;
          }
          expect(at).toBe(length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('refuses limits that cannot hold', () => {
    for (const options of [{ maxSeconds: 0 }, { maxSeconds: 10, minSeconds: 6 }, { minSeconds: -1 }])
      expect(() => cutAtPauses(new Float32Array(10), RATE, options)).toThrow(RangeError);
  });
});
