/**
 * Heads of NeMo's classification models: one label a clip (`ConvASRDecoderClassification`: mean or maximum over time, then linear), or
 * one a frame (`MultiLayerPerceptron`, frame VAD).
 *
 * The clip's mean runs over the whole tensor, NeMo's padding included (`paddingMatters`).
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { Graph, type Value } from '../onnx/graph.ts';
import { type ConfigTree, MAX_LAYERS, at, dimension, flag, parseConfig, targetClass } from './config.ts';
import { logSoftmax } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type ClassificationSpec = {
  readonly kind: 'clip' | 'frame';
  readonly numClasses: number;
  /** Names of the classes, as far as the configuration has them. */
  readonly labels: readonly string[];
  /** Over time; `clip` only. */
  readonly pooling: 'avg' | 'max';
  /** Linear layers; all but the last are square and followed by `activation`. 1 for `clip`. */
  readonly numLayers: number;
  readonly activation: 'relu' | 'sigmoid' | 'tanh';
  /** What NeMo's `forward` gives. */
  readonly output: 'logits' | 'probabilities' | 'logProbs';
};

const clipSchema = v.object({
  num_classes: dimension,
  return_logits: flag(true),
  pooling_type: v.nullish(v.picklist(['avg', 'max']), 'avg'),
});
const frameSchema = v.object({
  num_classes: dimension,
  num_layers: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LAYERS)), 2),
  activation: v.nullish(v.picklist(['relu', 'sigmoid', 'tanh']), 'relu'),
  log_softmax: flag(true),
});

/** Reads `decoder` and `labels`. */
export function readClassificationSpec(config: unknown): ClassificationSpec {
  const section = at(config, 'decoder') as ConfigTree;
  const names = at(config, 'labels');
  const labels = Array.isArray(names) ? names.map(String) : [];
  const target = targetClass(section);
  if (target === 'ConvASRDecoderClassification') {
    const c = parseConfig(clipSchema, section, 'decoder');
    const output = c.return_logits ? 'logits' : 'probabilities';
    return {
      kind: 'clip',
      numClasses: c.num_classes,
      labels,
      pooling: c.pooling_type,
      numLayers: 1,
      activation: 'relu',
      output,
    };
  }
  if (target === 'MultiLayerPerceptron') {
    const c = parseConfig(frameSchema, section, 'decoder');
    return {
      kind: 'frame',
      numClasses: c.num_classes,
      labels,
      pooling: 'avg',
      numLayers: c.num_layers,
      activation: c.activation,
      output: c.log_softmax ? 'logProbs' : 'logits',
    };
  }
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's decoder._target_ is ${target || 'missing'}; supported are ConvASRDecoderClassification and MultiLayerPerceptron.`,
  );
}

/** encoded [batch, frames, size] -> scores [batch, numClasses] (clip) or [batch, frames, numClasses] (frame), as `spec.output` says. */
export function buildClassificationHead(weights: WeightReader, spec: ClassificationSpec, encoderSize: number): Graph {
  const graph = new Graph('classification');
  const encoded = graph.input('encoded', 'float32', ['batch', 'frames', encoderSize]);
  const scores =
    spec.kind === 'clip'
      ? clipScores(graph, weights, spec, encoded, encoderSize)
      : frameScores(graph, weights, spec, encoded, encoderSize);
  const output =
    spec.output === 'logits'
      ? scores
      : spec.output === 'logProbs'
        ? logSoftmax(graph, scores)
        : graph.op('Softmax', [scores], { axis: -1 });
  graph.output(
    'scores',
    output,
    'float32',
    spec.kind === 'clip' ? ['batch', spec.numClasses] : ['batch', 'frames', spec.numClasses],
  );
  return graph;
}

function clipScores(
  graph: Graph,
  weights: WeightReader,
  { pooling, numClasses }: ClassificationSpec,
  encoded: Value,
  inputSize: number,
): Value {
  const pooled = graph.op(pooling === 'avg' ? 'ReduceMean' : 'ReduceMax', [encoded], { axes: [1], keepdims: 0 });
  return linear(graph, weights, 'decoder.decoder_layers.0', pooled, {
    inputSize,
    outputSize: numClasses,
    hasBias: true,
  });
}

/** NeMo numbers linear layers and activations alike: layer0, layer2, … */
function frameScores(
  graph: Graph,
  weights: WeightReader,
  { numLayers, numClasses, activation }: ClassificationSpec,
  encoded: Value,
  size: number,
): Value {
  let x = encoded;
  for (let layer = 0; layer < numLayers - 1; layer++) {
    const hidden = linear(graph, weights, `decoder.layer${2 * layer}`, x, {
      inputSize: size,
      outputSize: size,
      hasBias: true,
    });
    x = graph.op({ relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh' }[activation], [hidden]);
  }
  return linear(graph, weights, `decoder.layer${2 * (numLayers - 1)}`, x, {
    inputSize: size,
    outputSize: numClasses,
    hasBias: true,
  });
}
