import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sha256 } from './sha256.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('the examples of FIPS 180-4 are met', () => {
  expect(new Sha256().digestHex()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(new Sha256().update(text('abc')).digestHex()).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('every length around the block and padding borders agrees with Node', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + length);
    expect(new Sha256().update(bytes).digestHex()).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});

test('any split of the same bytes gives the same hash', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (pieces) => {
      const hash = new Sha256();
      const expected = createHash('sha256');
      for (const piece of pieces) {
        hash.update(piece);
        expected.update(piece);
      }
      expect(hash.digestHex()).toBe(expected.digest('hex'));
    }),
  );
});
