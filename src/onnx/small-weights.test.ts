/** Graphs with small weights against the same graphs in float32, on ORT's WASM. */
import { expect, test } from 'vitest';
import { GraphSession } from '../../e2e/support/graph-session.ts';
import { Graph, type Value } from './graph.ts';
import { withHalfArithmetic } from './half-arithmetic.ts';
import { type SmallWeights, withSmallWeights } from './small-weights.ts';

const [SIZE, WIDTH, TOKENS] = [48, 64, 40]; // not multiples of a block: 48 = 32 + 16

/** Pseudo-random values that are the same in every run. */
function noise(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => ((Math.sin(at * 12.9898 + seed * 78.233) * 43758.5453) % 1) * 0.5);
}

function weight(graph: Graph, name: string, dims: readonly number[], seed: number): Value {
  const length = dims.reduce((product, size) => product * size, 1);
  return graph.weight({ name, type: 'float32', dims, load: async () => noise(length, seed) });
}

/** x [batch, frames, SIZE], tokens [batch, frames] -> y: every operator that has a small form, one after the other. */
function everyOperator(): Graph {
  const graph = new Graph('every');
  const x = graph.input('x', 'float32', ['batch', 'frames', SIZE]);
  const tokens = graph.input('tokens', 'int32', ['batch', 'frames']);
  const table = weight(graph, 'table', [TOKENS, SIZE], 1);
  const summed = graph.op('Add', [x, graph.op('Gather', [table, tokens], { axis: 0 })]);
  const wide = graph.op('MatMul', [summed, weight(graph, 'matrix', [SIZE, WIDTH], 2)]);
  const channelsFirst = graph.op('Transpose', [graph.op('Sigmoid', [wide])], { perm: [0, 2, 1] });
  const kernel = weight(graph, 'kernel', [SIZE, WIDTH, 1], 3);
  const mixed = graph.op('Conv', [channelsFirst, kernel, weight(graph, 'bias', [SIZE], 4)], { kernel_shape: [1] });
  const spread = graph.op('Conv', [mixed, weight(graph, 'spread', [SIZE, SIZE, 3], 5)], {
    kernel_shape: [3],
    pads: [1, 1],
  });
  const flat = graph.op('Reshape', [graph.op('Transpose', [spread], { perm: [0, 2, 1] }), graph.ints(-1, SIZE)]);
  const head = weight(graph, 'head', [TOKENS, SIZE], 6);
  graph.output('y', graph.op('Gemm', [flat, head, weight(graph, 'shift', [TOKENS], 7)], { transB: 1 }), 'float32', [
    'rows',
    TOKENS,
  ]);
  return graph;
}

async function run(graph: Graph, batch: number, from = 0): Promise<Float32Array> {
  const frames = 5;
  const session = await GraphSession.create(graph);
  const all = noise(2 * frames * SIZE, 8);
  const { y } = await session.run({
    x: { data: all.subarray(from * frames * SIZE, (from + batch) * frames * SIZE), dims: [batch, frames, SIZE] },
    tokens: {
      data: Int32Array.from({ length: batch * frames }, (_, at) => ((from * frames + at) * 7) % TOKENS),
      dims: [batch, frames],
    },
  });
  return y!.data as Float32Array;
}

/** Root mean square of the difference, as a part of that of the values. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(actual.map((value, at) => value - expected[at]!)) / squares(expected));
}

const KINDS: readonly (readonly [SmallWeights, number])[] = [
  ['float16', 1e-3],
  ['int8', 2e-2],
  ['blocks8', 1e-2],
  ['blocks4', 0.15],
];

test.each(KINDS)('%s: products, convolutions and look-ups are those of float32 within %f', async (kind, tolerance) => {
  const graph = everyOperator();
  const small = withSmallWeights(graph, kind);
  expect(relativeError(await run(small, 2), await run(graph, 2))).toBeLessThan(tolerance);
  const kept = [...small.weights.values()].filter(({ type }) => type === 'float32').map(({ name }) => name);
  expect(kept.filter((name) => !name.endsWith(':scales')).sort()).toEqual(['bias', 'shift']);
});

test.each(KINDS)('%s: a clip gives the same alone as beside another', async (kind) => {
  const small = withSmallWeights(everyOperator(), kind);
  const both = await run(small, 2);
  const half = both.length / 2;
  expect(relativeError(both.subarray(0, half), await run(small, 1))).toBeLessThan(1e-6);
  expect(relativeError(both.subarray(half), await run(small, 1, 1))).toBeLessThan(1e-6);
});

test('a row of zeros stays zero as int8', async () => {
  const graph = new Graph('zeros');
  const x = graph.input('x', 'float32', ['rows', SIZE]);
  graph.output('y', graph.op('MatMul', [x, weight(graph, 'matrix', [SIZE, WIDTH], 1)]), 'float32', ['rows', WIDTH]);
  const session = await GraphSession.create(withSmallWeights(graph, 'int8'));
  const { y } = await session.run({ x: { data: new Float32Array(2 * SIZE), dims: [2, SIZE] } });
  expect([...(y!.data as Float32Array)].every((value) => value === 0)).toBe(true);
});

test('float16 arithmetic is that of float32 within its precision, with the same inputs and outputs', async () => {
  const graph = everyOperator();
  const half = withHalfArithmetic(graph);
  expect([half.inputs, half.outputs]).toEqual([graph.inputs, graph.outputs]);
  expect([...half.weights.values()].every(({ type }) => type === 'float16')).toBe(true);
  expect(relativeError(await run(half, 2), await run(graph, 2))).toBeLessThan(3e-3);
});
