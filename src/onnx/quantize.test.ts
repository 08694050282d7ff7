import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLOCK, blockShape, quantizeBlocks, quantizeColumns } from './quantize.ts';

const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 70 }), columns: fc.integer({ min: 1, max: 5 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      // Values that a float32 scale can hold: a step of the smallest floats is no float.
      values: fc
        .float32Array({ minLength: rows * columns, maxLength: rows * columns, noNaN: true, min: -8, max: 8 })
        .map((values) => values.map((value) => (Math.abs(value) < 1e-30 ? 0 : value))),
    }),
  );

test('int8 values differ by half a step of their column at most, and zero is zero', () => {
  fc.assert(
    fc.property(matrix, ({ rows, columns, values }) => {
      const quantized = quantizeColumns(values, rows, columns);
      values.forEach((value, at) => {
        const scale = quantized.scales[at % columns]!;
        const error = Math.abs(quantized.values[at]! * scale - value);
        expect(error).toBeLessThanOrEqual(0.5001 * scale);
        if (value === 0) expect(error).toBe(0);
      });
    }),
  );
});

test.each([4, 8] as const)('%i-bit blocks differ by a step of their block at most, and zero is zero', (bits) => {
  fc.assert(
    fc.property(matrix, ({ rows, columns, values }) => {
      const { values: packed, scales } = quantizeBlocks(values, rows, columns, bits);
      const { blocks, bytes } = blockShape(rows, bits);
      expect(packed.length).toBe(columns * blocks * bytes);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const block = column * blocks + Math.floor(row / BLOCK);
          const inside = row % BLOCK;
          const byte = packed[block * bytes + (bits === 8 ? inside : inside >> 1)]!;
          const value = bits === 8 ? byte - 128 : ((byte >> (4 * (inside % 2))) & 15) - 8;
          const expected = values[row * columns + column]!;
          const error = Math.abs(value * scales[block]! - expected);
          // At 4 bits the largest value of a block may be clipped for the sake of the others.
          expect(error).toBeLessThanOrEqual((bits === 4 ? 2.01 : 0.5001) * Math.abs(scales[block]!));
          if (expected === 0) expect(error).toBe(0);
        }
      }
    }),
  );
});

test('4-bit scales keep the squared error below that of the plain scale', () => {
  const values = Float32Array.from({ length: 32 }, (_, at) => Math.sin(7 * at) ** 3);
  const { values: packed, scales } = quantizeBlocks(values, 32, 1, 4);
  const squared = (decode: (value: number, at: number) => number): number =>
    values.reduce((sum, value, at) => sum + (decode(value, at) - value) ** 2, 0);
  const ours = squared((_, at) => (((packed[at >> 1]! >> (4 * (at % 2))) & 15) - 8) * scales[0]!);
  const step = Math.max(...values.map(Math.abs)) / 7;
  expect(ours).toBeLessThanOrEqual(squared((value) => Math.round(value / step) * step) * 1.0001);
});
