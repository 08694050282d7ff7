/**
 * Prediction network and joint of NeMo's transducers (RNNT, TDT), cut where it pays.
 *
 * `projection`: encoder frames through `joint.enc`, once a clip. `predictor`: embedding, LSTM and `joint.pred`, once an *emitted* token.
 * `joint`: activation and output layer, once a step. A blank step therefore costs the small joint alone.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { logSoftmax } from './layers.ts';
import { linear } from './linear.ts';
import { buildLstmPredictor } from './lstm-predictor.ts';
import { buildStatelessPredictor } from './stateless-predictor.ts';
import type { TransducerSpec } from './transducer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

export type { TransducerSpec } from './transducer-spec.ts';

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
