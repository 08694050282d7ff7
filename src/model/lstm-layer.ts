/** One layer of a prediction network: where its weights lie, and its matrices as MatMul operands with batch norm folded in. */
import type { Graph, Value } from '../onnx/graph.ts';
import { transposed } from './linear.ts';
import type { LstmPredictor } from './transducer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

export type LstmLayer = {
  /** Module of the layer. */
  readonly prefix: string;
  readonly norm: LstmPredictor['norm'];
  /** Width of the input, and of the output that the next layer and the next step see. */
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly cellSize: number;
  /** Names of the weights; gates are stacked [4 * cellSize, …]. */
  readonly inputMatrix: string;
  readonly recurrentMatrix: string;
  /** Names of the two bias vectors; none where a norm brings its own. */
  readonly biases: readonly string[];
  /** Name of the matrix from the cell to the output, [hiddenSize, cellSize]. */
  readonly projection?: string;
  /** Module of the batch norm before the layer. */
  readonly batchNorm?: string;
};

const RNN = 'decoder.prediction.dec_rnn';
const BATCH_NORM_EPSILON = 1e-5; // torch's default

/** Layer `index`, counted from 0. */
export function lstmLayer(weights: WeightReader, predictor: LstmPredictor, index: number): LstmLayer {
  const { norm, hiddenSize, cellSize } = predictor;
  const sizes = { norm, inputSize: hiddenSize, hiddenSize, cellSize };
  if (norm === 'none') {
    const part = (name: string) => `${RNN}.lstm.${name}_l${index}`;
    return {
      ...sizes,
      prefix: `${RNN}.lstm`,
      inputMatrix: part('weight_ih'),
      recurrentMatrix: part('weight_hh'),
      biases: [part('bias_ih'), part('bias_hh')],
      ...(cellSize === hiddenSize ? {} : { projection: part('weight_hr') }),
    };
  }
  if (norm === 'layer') {
    const prefix = `${RNN}.layers.${index}.cell`;
    return { ...sizes, prefix, inputMatrix: `${prefix}.weight_ih`, recurrentMatrix: `${prefix}.weight_hh`, biases: [] };
  }
  // Dropout is a module of the same list, between the layers.
  const step = weights.has(`${RNN}.layers.1.rnn.weight_ih_l0`) ? 1 : 2;
  const prefix = `${RNN}.layers.${index * step}`;
  const matrices = { inputMatrix: `${prefix}.rnn.weight_ih_l0`, recurrentMatrix: `${prefix}.rnn.weight_hh_l0` };
  return index === 0
    ? { ...sizes, prefix, ...matrices, biases: [`${prefix}.rnn.bias_ih_l0`, `${prefix}.rnn.bias_hh_l0`] }
    : { ...sizes, prefix, ...matrices, biases: [], batchNorm: `${prefix}.bn.module` };
}

/** [inputSize, 4 * cellSize] */
export function inputMatrix(graph: Graph, weights: WeightReader, layer: LstmLayer): Value {
  const { inputSize, batchNorm } = layer;
  const rows = 4 * layer.cellSize;
  const source: [string, number[]] = [layer.inputMatrix, [rows, inputSize]];
  if (!batchNorm) return transposedWeight(graph, weights, layer.inputMatrix, { inputSize, outputSize: rows });
  return weights.derive(
    graph,
    `${layer.inputMatrix}^T*norm`,
    [source, ...statistics(batchNorm, inputSize)],
    [inputSize, rows],
    ([values, ...norm]) => {
      const { scale } = affine(norm);
      const scaled = values!.map((value, at) => value * scale[at % inputSize]!);
      return transposed(scaled, rows, inputSize);
    },
  );
}

/** [hiddenSize, 4 * cellSize] */
export function recurrentMatrix(graph: Graph, weights: WeightReader, layer: LstmLayer): Value {
  const sizes = { inputSize: layer.hiddenSize, outputSize: 4 * layer.cellSize };
  return transposedWeight(graph, weights, layer.recurrentMatrix, sizes);
}

/** What is added to the gates whatever the input: both biases, or what the batch norm's shift becomes behind the matrix. [4 * cellSize] */
export function gateBias(graph: Graph, weights: WeightReader, layer: LstmLayer): Value {
  const { batchNorm, inputSize } = layer;
  const rows = 4 * layer.cellSize;
  const name = `${layer.inputMatrix}.bias`;
  if (!batchNorm) {
    const sources = layer.biases.map((bias): [string, number[]] => [bias, [rows]]);
    return weights.derive(graph, name, sources, [rows], ([input, recurrent]) =>
      input!.map((value, gate) => value + recurrent![gate]!),
    );
  }
  const sources: [string, number[]][] = [[layer.inputMatrix, [rows, inputSize]], ...statistics(batchNorm, inputSize)];
  return weights.derive(graph, name, sources, [rows], ([values, ...norm]) => {
    const { shift } = affine(norm);
    return Float32Array.from({ length: rows }, (_, gate) =>
      shift.reduce((sum, value, at) => sum + value * values![gate * inputSize + at]!, 0),
    );
  });
}

/** A PyTorch matrix [outputSize, inputSize] as MatMul operand. */
export function transposedWeight(
  graph: Graph,
  weights: WeightReader,
  name: string,
  { inputSize, outputSize }: { readonly inputSize: number; readonly outputSize: number },
): Value {
  return weights.derive(graph, `${name}^T`, [[name, [outputSize, inputSize]]], [inputSize, outputSize], ([values]) =>
    transposed(values as Float32Array, outputSize, inputSize),
  );
}

function statistics(norm: string, size: number): [string, number[]][] {
  return ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${norm}.${part}`, [size]]);
}

/** Batch norm in evaluation as `scale * x + shift`. */
function affine([weight, bias, mean, variance]: Float32Array[]): { scale: Float64Array; shift: Float64Array } {
  const scale = Float64Array.from(
    weight as Float32Array,
    (value, at) => value / Math.sqrt(variance![at]! + BATCH_NORM_EPSILON),
  );
  return { scale, shift: scale.map((value, at) => bias![at]! - mean![at]! * value) };
}
