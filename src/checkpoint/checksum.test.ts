import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumOf } from './checksum.ts';

test('flipping any one bit changes the checksum', () => {
  const bytes = Uint8Array.from({ length: 103 }, (_, i) => (i * 37) & 255);
  const before = checksumOf(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(checksumOf(bytes)).not.toBe(before);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  expect(checksumOf(bytes)).toBe(before);
});

test('zeros of different lengths and swapped words have different checksums', () => {
  const sums = Array.from({ length: 64 }, (_, length) => checksumOf(new Uint8Array(length)));
  expect(new Set(sums).size).toBe(64);
  expect(checksumOf(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0))).not.toBe(checksumOf(Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0)));
});

test('where in its buffer the bytes lie makes no difference', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 0, max: 5 }), (bytes, shift) => {
      const shifted = new Uint8Array(bytes.length + shift);
      shifted.set(bytes, shift);
      expect(checksumOf(shifted.subarray(shift))).toBe(checksumOf(bytes));
    }),
  );
});
