/**
 * A graph with small weights: what looks a weight up or multiplies by it is replaced, everything else stays float32.
 *
 * Four ways. `float16`: stored as float16, turned into float32 as the graph is loaded. `int8`: matrices as int8 with a scale a column,
 * multiplied as integers; the input is turned into integers row by row, by a scale of the row, so that neither neighbours in a batch nor loud
 * frames of the same clip change a row's result. `blocks8` and `blocks4`: `MatMulNBits`, which has a kernel on WebGPU.
 * Vectors and tensors below `MIN_ELEMENTS` stay as they are: they save nothing and cost accuracy.
 */
import { halfWeight } from './float16.ts';
import type { Graph, GraphNode, GraphWeight, Value } from './graph.ts';
import { BLOCK, blockShape, quantizeBlocks, quantizeColumns } from './quantize.ts';
import { type Rewriting, rewriteGraph } from './rewrite-graph.ts';

export type SmallWeights = 'float16' | 'int8' | 'blocks8' | 'blocks4';

/** Matrices with fewer elements stay float32. */
const MIN_ELEMENTS = 1024;

const MICROSOFT = 'com.microsoft';
const FLOAT = 1; // ONNX element type

/** A copy of `source` whose large weights are small. Its inputs and outputs are the same. */
export function withSmallWeights(source: Graph, kind: SmallWeights): Graph {
  const large = (value: Value | undefined): GraphWeight | undefined => {
    const weight = value === undefined ? undefined : source.weights.get(value);
    return weight && isLarge(weight) ? weight : undefined;
  };
  const rows = new Map<Value, QuantizedRows>();
  const multiply = (x: Value, matrix: Matrix, { graph }: Rewriting): Value =>
    kind === 'int8'
      ? multiplyIntegers(graph, quantizedRows(graph, x, rows), matrix)
      : multiplyBlocks(graph, x, matrix, kind === 'blocks4' ? 4 : 8);

  return rewriteGraph(source, {
    node(node, rewriting) {
      const { graph, use } = rewriting;
      const table = node.op === 'Gather' ? large(node.inputs[0]) : undefined;
      if (table) {
        // The table stays small in memory: only what is looked up is turned into float32.
        const found = graph.op('Gather', [halfWeight(graph, table), use(node.inputs[1] as Value)], node.attributes);
        return [graph.op('Cast', [found], { to: FLOAT })];
      }
      const weight = kind === 'float16' ? undefined : large(node.inputs[1]);
      const matrix = weight && matrixOf(node, weight);
      if (!matrix) return undefined;
      const x = use(node.inputs[0] as Value);
      if (node.op === 'MatMul') return [multiply(x, matrix, rewriting)];
      const bias = node.inputs[2];
      if (node.op === 'Gemm') {
        const product = multiply(x, matrix, rewriting);
        return [bias ? graph.op('Add', [product, use(bias)]) : product];
      }
      const timeFirst = multiply(graph.op('Transpose', [x], { perm: [0, 2, 1] }), matrix, rewriting);
      const sum = bias ? graph.op('Add', [timeFirst, use(bias)]) : timeFirst;
      return [graph.op('Transpose', [sum], { perm: [0, 2, 1] })];
    },
    weight: (weight, { graph }) =>
      large(weight.name) ? graph.op('Cast', [halfWeight(graph, weight)], { to: FLOAT }) : graph.weight(weight),
  });
}

/** A weight as operand of a product: [rows, columns], read in the order it is stored in or transposed. */
type Matrix = {
  readonly weight: GraphWeight;
  readonly rows: number;
  readonly columns: number;
  readonly isTransposed: boolean;
};

/** The matrix a node multiplies its first input by, where that is all it does; pointwise convolutions are among them. */
function matrixOf({ op, attributes }: GraphNode, weight: GraphWeight): Matrix | undefined {
  const [first = 0, second = 0] = weight.dims;
  const one = (value: unknown) => value === undefined || (value as readonly number[]).every((item) => item === 1);
  const zero = (value: unknown) => value === undefined || (value as readonly number[]).every((item) => item === 0);
  if (op === 'MatMul' && weight.dims.length === 2) return { weight, rows: first, columns: second, isTransposed: false };
  if (op === 'Gemm' && attributes['transB'] === 1) return { weight, rows: second, columns: first, isTransposed: true };
  const isPointwise =
    op === 'Conv' &&
    weight.dims.length === 3 &&
    (attributes['group'] ?? 1) === 1 &&
    one(attributes['kernel_shape']) &&
    one(attributes['strides']) &&
    zero(attributes['pads']);
  return isPointwise ? { weight, rows: second, columns: first, isTransposed: true } : undefined;
}

/** [rows, columns] values of a matrix. */
async function loadMatrix({ weight, rows, columns, isTransposed }: Matrix): Promise<Float32Array> {
  const values = (await weight.load()) as Float32Array;
  if (!isTransposed) return values;
  const result = new Float32Array(values.length);
  for (let column = 0, at = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++, at++) result[row * columns + column] = values[at]!;
  }
  return result;
}

/** Rows as unsigned integers around `ROW_ZERO`, and the largest magnitude of each. */
type QuantizedRows = { readonly values: Value; readonly peaks: Value };

const ROW_ZERO = 128;
const ROW_RANGE = 127;
const SMALLEST_PEAK = 1e-30; // a row of zeros must not be divided by zero

/** Quantises `x` [..., rows, size] over its last axis; what several matrices multiply is quantised once. */
function quantizedRows(graph: Graph, x: Value, known: Map<Value, QuantizedRows>): QuantizedRows {
  const before = known.get(x);
  if (before) return before;
  const largest = graph.op('ReduceMax', [graph.op('Abs', [x])], { axes: [-1], keepdims: 1 });
  const peaks = graph.op('Max', [largest, graph.scalar(SMALLEST_PEAK)]);
  const scaled = graph.op('Div', [x, peaks]);
  const values = graph.op('QuantizeLinear', [scaled, graph.scalar(1 / ROW_RANGE), rowZero(graph)]);
  const result = { values, peaks };
  known.set(x, result);
  return result;
}

function multiplyIntegers(graph: Graph, { values, peaks }: QuantizedRows, matrix: Matrix): Value {
  const { weight, rows, columns } = matrix;
  const both = twice(async () => quantizeColumns(await loadMatrix(matrix), rows, columns));
  const name = `${weight.name}:int8`;
  const integers = graph.weight({
    name,
    type: 'int8',
    dims: [rows, columns],
    load: async () => (await both()).values,
  });
  const scales = graph.weight({
    name: `${name}:scales`,
    type: 'float32',
    dims: [columns],
    load: async () => (await both()).scales,
  });
  const product = graph.op(
    'MatMulIntegerToFloat',
    [values, integers, graph.scalar(1 / ROW_RANGE), scales, rowZero(graph)],
    {},
    MICROSOFT,
  );
  return graph.op('Mul', [product, peaks]);
}

function rowZero(graph: Graph): Value {
  return graph.weight({ name: 'row_zero', type: 'uint8', dims: [], load: async () => Uint8Array.of(ROW_ZERO) });
}

function multiplyBlocks(graph: Graph, x: Value, matrix: Matrix, bits: 4 | 8): Value {
  const { weight, rows, columns } = matrix;
  const { blocks, bytes } = blockShape(rows, bits);
  const both = twice(async () => quantizeBlocks(await loadMatrix(matrix), rows, columns, bits));
  const name = `${weight.name}:blocks${bits}`;
  const values = graph.weight({
    name,
    type: 'uint8',
    dims: [columns, blocks, bytes],
    load: async () => (await both()).values,
  });
  const scales = graph.weight({
    name: `${name}:scales`,
    type: 'float32',
    dims: [columns * blocks],
    load: async () => (await both()).scales,
  });
  return graph.op('MatMulNBits', [x, values, scales], { K: rows, N: columns, bits, block_size: BLOCK }, MICROSOFT);
}

/** Values and scales are written one after the other: the second asks for what the first has computed, and then it is forgotten. */
function twice<T>(compute: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | undefined;
  return () => {
    const result = kept ?? compute();
    kept = kept ? undefined : result;
    return result;
  };
}

function isLarge({ type, dims }: GraphWeight): boolean {
  const isVector = dims.filter((size) => size > 1).length < 2;
  return type === 'float32' && !isVector && dims.reduce((product, size) => product * size, 1) >= MIN_ELEMENTS;
}
