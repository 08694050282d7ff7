/** The tiled product against the plain one, bit by bit. */
import { expect, test } from 'vitest';
import { foldEmbedding } from './fold-embedding.ts';

test.each([1, 2, 5, 8])('gives the plain loop’s bits for %i rows', (numRows) => {
  const [hiddenSize, gates] = [7, 28];
  const fill = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 1.7));
  const embedding = fill(numRows * hiddenSize, 1);
  const matrix = fill(gates * hiddenSize, 2);
  const bias = Float64Array.from({ length: gates }, (_, gate) => gate / 3);
  const expected = Float32Array.from({ length: numRows * gates }, (_, at) => {
    const [row, gate] = [Math.floor(at / gates), at % gates];
    let sum = bias[gate]!;
    for (let k = 0; k < hiddenSize; k++) sum += embedding[row * hiddenSize + k]! * matrix[gate * hiddenSize + k]!;
    return sum;
  });
  expect(foldEmbedding(embedding, matrix, bias, { numRows, gates, hiddenSize })).toEqual(expected);
});
