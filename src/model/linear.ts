/** Dense layers: PyTorch's `[out, in]` weights become the `[in, out]` operand of a MatMul, with constants folded in. */
import type { Graph, Value } from '../onnx/graph.ts';
import type { WeightReader } from './weight-reader.ts';

export type LinearOptions = {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly hasBias: boolean;
  /** Multiplies weights and bias. @default 1 */
  readonly scale?: number;
  /** Trailing dimensions of size 1 in the checkpoint's weight, as a pointwise Conv1d (1) or Conv2d (2) has. @default 0 */
  readonly kernelDims?: number;
};

/** `x · W^T + b` for `x` of shape [..., inputSize]. */
export function linear(graph: Graph, weights: WeightReader, name: string, x: Value, options: LinearOptions): Value {
  const product = graph.op('MatMul', [x, linearWeight(graph, weights, name, options)]);
  return options.hasBias ? graph.op('Add', [product, linearBias(graph, weights, name, options)]) : product;
}

/** The `[inputSize, outputSize]` operand alone. */
export function linearWeight(graph: Graph, weights: WeightReader, name: string, options: LinearOptions): Value {
  const { inputSize, outputSize, scale = 1, kernelDims = 0 } = options;
  const shape = [outputSize, inputSize, ...Array<number>(kernelDims).fill(1)];
  return weights.derive(
    graph,
    `${name}.weight^T${scale === 1 ? '' : `*${scale}`}`,
    [[`${name}.weight`, shape]],
    [inputSize, outputSize],
    ([values]) => transposed(values as Float32Array, outputSize, inputSize, scale),
  );
}

/** The bias vector alone. */
export function linearBias(
  graph: Graph,
  weights: WeightReader,
  name: string,
  { outputSize, scale = 1 }: LinearOptions,
): Value {
  return weights.derive(
    graph,
    `${name}.bias${scale === 1 ? '' : `*${scale}`}`,
    [[`${name}.bias`, [outputSize]]],
    [outputSize],
    ([values]) => (scale === 1 ? (values as Float32Array) : (values as Float32Array).map((value) => value * scale)),
  );
}

/** `values` of shape [rows, columns] as [columns, rows], times `scale`; in tiles, because whole rows would miss the cache. */
export function transposed(values: Float32Array, rows: number, columns: number, scale = 1): Float32Array {
  const result = new Float32Array(values.length);
  const tile = 32;
  for (let rowStart = 0; rowStart < rows; rowStart += tile) {
    const rowEnd = Math.min(rowStart + tile, rows);
    for (let columnStart = 0; columnStart < columns; columnStart += tile) {
      const columnEnd = Math.min(columnStart + tile, columns);
      for (let row = rowStart; row < rowEnd; row++) {
        for (let column = columnStart; column < columnEnd; column++) {
          result[column * rows + row] = values[row * columns + column]! * scale;
        }
      }
    }
  }
  return result;
}
