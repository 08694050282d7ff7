import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toFloat16 } from './float16.ts';

/** The value of a half, by its definition. */
function ofHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

test('every finite half comes back as itself', () => {
  const finite = Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => Number.isFinite(ofHalf(bits)));
  expect([...toFloat16(Float32Array.from(finite, ofHalf))]).toEqual(finite);
});

test('other values become the nearest half, ties the even one', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -70000, max: 70000 }), (value) => {
      const bits = toFloat16(Float32Array.of(value))[0]!;
      const distance = Math.abs(ofHalf(bits) - value);
      for (const neighbour of [bits - 1, bits + 1].filter((other) => Number.isFinite(ofHalf(other & 0xffff)))) {
        const theirs = Math.abs(ofHalf(neighbour & 0xffff) - value);
        expect(distance < theirs || (distance === theirs && bits % 2 === 0)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is too large for a half becomes the largest, so that no weight is infinite', () => {
  const bits = toFloat16(Float32Array.of(65520, 1e30, Number.POSITIVE_INFINITY, -1e30, Number.NaN));
  expect([...bits].map(ofHalf)).toEqual([65504, 65504, 65504, -65504, Number.NaN]);
});
