/** NeMo's `ConvASRDecoder`: a projection to the vocabulary and log-softmax; the blank is the last class. */
import { Graph } from '../onnx/graph.ts';
import { logSoftmax } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type CtcSpec = {
  /** State-dict prefix: `decoder`, or `ctc_decoder` in hybrids. */
  readonly prefix: string;
  /** Classes without the blank. */
  readonly vocabularySize: number;
};

/**
 * encoded [batch, frames, size] -> log_probs [batch, frames, vocabularySize + 1], ids and best [batch, frames].
 *
 * Greedy decoding fetches `ids` and `best` only, so the full matrix never leaves the device unless somebody asks.
 */
export function buildCtcHead(weights: WeightReader, spec: CtcSpec, encoderSize: number): Graph {
  const graph = new Graph('ctc');
  const encoded = graph.input('encoded', 'float32', ['batch', 'frames', encoderSize]);
  const numClasses = spec.vocabularySize + 1;
  const logits = linear(graph, weights, `${spec.prefix}.decoder_layers.0`, encoded, {
    inputSize: encoderSize,
    outputSize: numClasses,
    hasBias: true,
    kernelDims: 1,
  });
  const logProbs = logSoftmax(graph, logits);
  graph.output('log_probs', logProbs, 'float32', ['batch', 'frames', numClasses]);
  graph.output('ids', graph.op('ArgMax', [logits], { axis: -1, keepdims: 0 }), 'int64', ['batch', 'frames']);
  graph.output('best', graph.op('ReduceMax', [logProbs], { axes: [-1], keepdims: 0 }), 'float32', ['batch', 'frames']);
  return graph;
}
