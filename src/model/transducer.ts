/**
 * Prediction network and joint of NeMo's transducers (RNNT, TDT), cut where it pays.
 *
 * `projection`: encoder frames through `joint.enc`, once a clip. `predictor`: embedding, LSTM and `joint.pred`, once an *emitted* token.
 * `joint`: activation and output layer, once a step. A blank step therefore costs the small joint alone.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { logSoftmax } from './layers.ts';
import { foldEmbedding } from './fold-embedding.ts';
import { linear, transposed } from './linear.ts';
import { buildStatelessPredictor } from './stateless-predictor.ts';
import { type LstmPredictor, type TransducerSpec, predictedSize } from './transducer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

export type { TransducerSpec } from './transducer-spec.ts';

/** Up to this many floats the product embedding · W_ih is stored as a table instead of being computed a token. */
const MAX_FOLDED_TABLE = 4_000_000;

/** encoded [batch, frames, size] -> projected [batch, frames, jointSize] */
export function buildProjection(weights: WeightReader, spec: TransducerSpec, encoderSize: number): Graph {
  const graph = new Graph('projection');
  const encoded = graph.input('encoded', 'float32', ['batch', 'frames', encoderSize]);
  const options = { inputSize: encoderSize, outputSize: spec.joint.hiddenSize, hasBias: true };
  graph.output('projected', linear(graph, weights, 'joint.enc', encoded, options), 'float32', [
    'batch',
    'frames',
    spec.joint.hiddenSize,
  ]);
  return graph;
}

/** tokens [rows], hidden and cell [layers, rows, hiddenSize] -> predicted [rows, jointSize], hidden_next, cell_next */
export function buildPredictor(weights: WeightReader, spec: TransducerSpec): Graph {
  const { predictor } = spec;
  return predictor.kind === 'stateless'
    ? buildStatelessPredictor(weights, spec, predictor)
    : buildLstmPredictor(weights, spec, predictor);
}

function buildLstmPredictor(weights: WeightReader, spec: TransducerSpec, predictor: LstmPredictor): Graph {
  const graph = new Graph('predictor');
  const { hiddenSize, numLayers } = predictor;
  const tokens = graph.input('tokens', 'int32', ['rows']);
  const hidden = graph.input('hidden', 'float32', [numLayers, 'rows', hiddenSize]);
  const cell = graph.input('cell', 'float32', [numLayers, 'rows', hiddenSize]);
  const nextHidden: Value[] = [];
  const nextCell: Value[] = [];
  let x: Value | undefined;

  for (let layer = 0; layer < numLayers; layer++) {
    const index = graph.int(layer);
    const input =
      x === undefined
        ? firstInput(graph, weights, spec, predictor, tokens)
        : graph.op('MatMul', [x, gateMatrix(graph, weights, predictor, `weight_ih_l${layer}`)]);
    const previous = graph.op('Gather', [hidden, index], { axis: 0 });
    const recurrent = graph.op('MatMul', [previous, gateMatrix(graph, weights, predictor, `weight_hh_l${layer}`)]);
    const withBias = x === undefined ? input : graph.op('Add', [input, gateBias(graph, weights, predictor, layer)]);
    const state = lstmCell(
      graph,
      graph.op('Add', [withBias, recurrent]),
      graph.op('Gather', [cell, index], { axis: 0 }),
    );
    x = state.hidden;
    nextHidden.push(graph.op('Unsqueeze', [state.hidden, graph.ints(0)]));
    nextCell.push(graph.op('Unsqueeze', [state.cell, graph.ints(0)]));
  }
  const predicted = linear(graph, weights, 'joint.pred', x as Value, {
    inputSize: predictedSize(spec),
    outputSize: spec.joint.hiddenSize,
    hasBias: true,
  });
  graph.output('predicted', predicted, 'float32', ['rows', spec.joint.hiddenSize]);
  graph.output('hidden_next', graph.op('Concat', nextHidden, { axis: 0 }), 'float32', [numLayers, 'rows', hiddenSize]);
  graph.output('cell_next', graph.op('Concat', nextCell, { axis: 0 }), 'float32', [numLayers, 'rows', hiddenSize]);
  return graph;
}

/** projected, predicted [rows, jointSize] -> logits [rows, vocabularySize + 1 + numExtraOutputs] */
export function buildJoint(weights: WeightReader, spec: TransducerSpec): Graph {
  const graph = new Graph('joint');
  const size = spec.joint.hiddenSize;
  const projected = graph.input('projected', 'float32', ['rows', size]);
  const predicted = graph.input('predicted', 'float32', ['rows', size]);
  const activation = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh' }[spec.joint.activation];
  const sum = graph.op('Add', [projected, predicted]);
  const hidden = graph.op(activation, [sum]);
  // joint_net is [activation, (Dropout,) Linear]: the index depends on whether the config had a dropout.
  const name = weights.has('joint.joint_net.2.weight') ? 'joint.joint_net.2' : 'joint.joint_net.1';
  const outputSize = spec.vocabularySize + 1 + spec.numExtraOutputs;
  const labels = linear(graph, weights, name, hidden, {
    inputSize: size,
    outputSize: spec.joint.isHat ? outputSize - 1 : outputSize,
    hasBias: true,
  });
  graph.output('logits', spec.joint.isHat ? withHatBlank(graph, weights, spec, sum, labels) : labels, 'float32', [
    'rows',
    outputSize,
  ]);
  return graph;
}

/** NeMo `HATJoint`: log P(blank) from a logistic unit of its own over the tanh of the sum, whatever the activation; labels share what is left. */
function withHatBlank(graph: Graph, weights: WeightReader, spec: TransducerSpec, sum: Value, labels: Value): Value {
  const logit = linear(graph, weights, 'joint.blank_pred.2', graph.op('Tanh', [sum]), {
    inputSize: spec.joint.hiddenSize,
    outputSize: 1,
    hasBias: true,
  });
  const blank = graph.op('Neg', [graph.op('Softplus', [graph.op('Neg', [logit])])]);
  const left = graph.op('Max', [graph.op('Sub', [graph.scalar(1), graph.op('Exp', [blank])]), graph.scalar(1e-6)]);
  const scaled = graph.op('Add', [logSoftmax(graph, labels), graph.op('Log', [left])]);
  return graph.op('Concat', [scaled, blank], { axis: -1 });
}

const EMBEDDING = 'decoder.prediction.embed.weight';
const LSTM = 'decoder.prediction.dec_rnn.lstm';

/** The first layer's input gates with bias, [rows, 4 * hiddenSize]: one table lookup where the table is small. */
function firstInput(
  graph: Graph,
  weights: WeightReader,
  spec: TransducerSpec,
  predictor: LstmPredictor,
  tokens: Value,
): Value {
  const { hiddenSize, blankAsPad } = predictor;
  const numRows = spec.vocabularySize + 1;
  const embeddingShape = [blankAsPad ? numRows : spec.vocabularySize, hiddenSize];
  const gates = 4 * hiddenSize;

  if (numRows * gates > MAX_FOLDED_TABLE) {
    const table = weights.derive(graph, EMBEDDING, [[EMBEDDING, embeddingShape]], [numRows, hiddenSize], ([values]) =>
      padded(values as Float32Array, numRows * hiddenSize),
    );
    const embedded = graph.op('Gather', [table, tokens], { axis: 0 });
    const product = graph.op('MatMul', [embedded, gateMatrix(graph, weights, predictor, 'weight_ih_l0')]);
    return graph.op('Add', [product, gateBias(graph, weights, predictor, 0)]);
  }
  const sources: [string, number[]][] = [
    [EMBEDDING, embeddingShape],
    [`${LSTM}.weight_ih_l0`, [gates, hiddenSize]],
    [`${LSTM}.bias_ih_l0`, [gates]],
    [`${LSTM}.bias_hh_l0`, [gates]],
  ];
  const table = weights.derive(
    graph,
    `${EMBEDDING}*ih_l0`,
    sources,
    [numRows, gates],
    ([embedding, matrix, inputBias, hiddenBias]) => {
      const bias = Float64Array.from(inputBias as Float32Array, (value, gate) => value + hiddenBias![gate]!);
      const rows = padded(embedding as Float32Array, numRows * hiddenSize);
      return foldEmbedding(rows, matrix as Float32Array, bias, { numRows, gates, hiddenSize });
    },
  );
  return graph.op('Gather', [table, tokens], { axis: 0 });
}

/** A PyTorch gate matrix [4 * hiddenSize, hiddenSize] as MatMul operand. */
function gateMatrix(graph: Graph, weights: WeightReader, { hiddenSize }: LstmPredictor, part: string): Value {
  const name = `${LSTM}.${part}`;
  return weights.derive(
    graph,
    `${name}^T`,
    [[name, [4 * hiddenSize, hiddenSize]]],
    [hiddenSize, 4 * hiddenSize],
    ([values]) => transposed(values as Float32Array, 4 * hiddenSize, hiddenSize),
  );
}

function gateBias(graph: Graph, weights: WeightReader, { hiddenSize }: LstmPredictor, layer: number): Value {
  const gates = 4 * hiddenSize;
  const sources: [string, number[]][] = [
    [`${LSTM}.bias_ih_l${layer}`, [gates]],
    [`${LSTM}.bias_hh_l${layer}`, [gates]],
  ];
  return weights.derive(graph, `${LSTM}.bias_l${layer}`, sources, [gates], ([input, hidden]) =>
    input!.map((value, index) => value + hidden![index]!),
  );
}

/** One LSTM cell from its summed gates in PyTorch's order: input, forget, cell, output. */
function lstmCell(graph: Graph, gates: Value, cell: Value): { hidden: Value; cell: Value } {
  const [input, forget, candidate, output] = graph.multi('Split', [gates], 4, { axis: -1 }) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const kept = graph.op('Mul', [graph.op('Sigmoid', [forget]), cell]);
  const added = graph.op('Mul', [graph.op('Sigmoid', [input]), graph.op('Tanh', [candidate])]);
  const nextCell = graph.op('Add', [kept, added]);
  return { hidden: graph.op('Mul', [graph.op('Sigmoid', [output]), graph.op('Tanh', [nextCell])]), cell: nextCell };
}

/** Appends the zero row that stands for the blank where the checkpoint has none. */
function padded(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const result = new Float32Array(length);
  result.set(values);
  return result;
}
