/**
 * NeMo's `RNNTDecoder`: an embedding and LSTM layers, one token a row and step.
 *
 * Four kinds of layers exist (`nemo/collections/common/parts/rnn.py`): plain, with a projected output (`rnn_hidden_size` above `pred_hidden`), with batch
 * norm before every layer but the first, and with layer norm in the cell. NeMo 3.0.0 decodes the last three with `strategy: greedy` or not at all.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { foldEmbedding } from './fold-embedding.ts';
import { layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import { type LstmLayer, gateBias, inputMatrix, lstmLayer, recurrentMatrix, transposedWeight } from './lstm-layer.ts';
import type { LstmPredictor, TransducerSpec } from './transducer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

/** Up to this many floats the product embedding · W_ih is stored as a table instead of being computed a token. */
const MAX_FOLDED_TABLE = 4_000_000;

const EMBEDDING = 'decoder.prediction.embed.weight';

/** tokens [rows], hidden [layers, rows, hiddenSize], cell [layers, rows, cellSize] -> predicted [rows, jointSize], hidden_next, cell_next */
export function buildLstmPredictor(weights: WeightReader, spec: TransducerSpec, predictor: LstmPredictor): Graph {
  const graph = new Graph('predictor');
  const { hiddenSize, cellSize, numLayers } = predictor;
  const tokens = graph.input('tokens', 'int32', ['rows']);
  const hidden = graph.input('hidden', 'float32', [numLayers, 'rows', hiddenSize]);
  const cell = graph.input('cell', 'float32', [numLayers, 'rows', cellSize]);
  const nextHidden: Value[] = [];
  const nextCell: Value[] = [];
  let x: Value | undefined;

  for (let index = 0; index < numLayers; index++) {
    const layer = lstmLayer(weights, predictor, index);
    const input =
      x === undefined ? firstGates(graph, weights, spec, layer, tokens) : inputGates(graph, weights, layer, x);
    const [previousHidden, previousCell] = [hidden, cell].map((state) =>
      graph.op('Gather', [state, graph.int(index)], { axis: 0 }),
    ) as [Value, Value];
    const recurrent = graph.op('MatMul', [previousHidden, recurrentMatrix(graph, weights, layer)]);
    const gates = graph.op('Add', [input, normed(graph, weights, layer, 'layernorm_h', recurrent)]);
    const state = lstmCell(graph, weights, layer, gates, previousCell);
    x = state.hidden;
    nextHidden.push(graph.op('Unsqueeze', [state.hidden, graph.ints(0)]));
    nextCell.push(graph.op('Unsqueeze', [state.cell, graph.ints(0)]));
  }
  const predicted = linear(graph, weights, 'joint.pred', x as Value, {
    inputSize: hiddenSize,
    outputSize: spec.joint.hiddenSize,
    hasBias: true,
  });
  graph.output('predicted', predicted, 'float32', ['rows', spec.joint.hiddenSize]);
  graph.output('hidden_next', graph.op('Concat', nextHidden, { axis: 0 }), 'float32', [numLayers, 'rows', hiddenSize]);
  graph.output('cell_next', graph.op('Concat', nextCell, { axis: 0 }), 'float32', [numLayers, 'rows', cellSize]);
  return graph;
}

/** What a layer's input adds to its gates, biases included, [rows, 4 * cellSize]. */
function inputGates(graph: Graph, weights: WeightReader, layer: LstmLayer, x: Value): Value {
  const product = graph.op('MatMul', [x, inputMatrix(graph, weights, layer)]);
  if (layer.norm === 'layer') return normed(graph, weights, layer, 'layernorm_i', product);
  return graph.op('Add', [product, gateBias(graph, weights, layer)]);
}

/** The same of the first layer from its tokens: one table lookup where the table is small. */
function firstGates(graph: Graph, weights: WeightReader, spec: TransducerSpec, layer: LstmLayer, tokens: Value): Value {
  const { inputSize, cellSize } = layer;
  const { blankAsPad } = spec.predictor as LstmPredictor;
  const numRows = spec.vocabularySize + 1;
  const embeddingShape = [blankAsPad ? numRows : spec.vocabularySize, inputSize];
  const gates = 4 * cellSize;

  if (layer.norm === 'layer' || numRows * gates > MAX_FOLDED_TABLE) {
    const table = weights.derive(graph, EMBEDDING, [[EMBEDDING, embeddingShape]], [numRows, inputSize], ([values]) =>
      padded(values as Float32Array, numRows * inputSize),
    );
    return inputGates(graph, weights, layer, graph.op('Gather', [table, tokens], { axis: 0 }));
  }
  const sources: [string, number[]][] = [
    [EMBEDDING, embeddingShape],
    [layer.inputMatrix, [gates, inputSize]],
    ...layer.biases.map((name): [string, number[]] => [name, [gates]]),
  ];
  const table = weights.derive(
    graph,
    `${EMBEDDING}*ih_l0`,
    sources,
    [numRows, gates],
    ([embedding, matrix, inputBias, recurrentBias]) => {
      const bias = Float64Array.from(inputBias as Float32Array, (value, gate) => value + recurrentBias![gate]!);
      const rows = padded(embedding as Float32Array, numRows * inputSize);
      return foldEmbedding(rows, matrix as Float32Array, bias, { numRows, gates, hiddenSize: inputSize });
    },
  );
  return graph.op('Gather', [table, tokens], { axis: 0 });
}

/** One LSTM cell from its summed gates in PyTorch's order: input, forget, cell, output. */
function lstmCell(
  graph: Graph,
  weights: WeightReader,
  layer: LstmLayer,
  gates: Value,
  cell: Value,
): { hidden: Value; cell: Value } {
  const [input, forget, candidate, output] = graph.multi('Split', [gates], 4, { axis: -1 }) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const kept = graph.op('Mul', [graph.op('Sigmoid', [forget]), cell]);
  const added = graph.op('Mul', [graph.op('Sigmoid', [input]), graph.op('Tanh', [candidate])]);
  const nextCell = normed(graph, weights, layer, 'layernorm_c', graph.op('Add', [kept, added]));
  const hidden = graph.op('Mul', [graph.op('Sigmoid', [output]), graph.op('Tanh', [nextCell])]);
  const { projection, cellSize, hiddenSize } = layer;
  const sizes = { inputSize: cellSize, outputSize: hiddenSize };
  return {
    hidden: projection ? graph.op('MatMul', [hidden, transposedWeight(graph, weights, projection, sizes)]) : hidden,
    cell: nextCell,
  };
}

/** `x`, or its layer norm where the layer has them. */
function normed(graph: Graph, weights: WeightReader, layer: LstmLayer, name: string, x: Value): Value {
  if (layer.norm !== 'layer') return x;
  const size = name === 'layernorm_c' ? layer.cellSize : 4 * layer.cellSize;
  return layerNorm(graph, weights, `${layer.prefix}.${name}`, x, size);
}

/** Appends the zero row that stands for the blank where the checkpoint has none. */
function padded(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const result = new Float32Array(length);
  result.set(values);
  return result;
}
