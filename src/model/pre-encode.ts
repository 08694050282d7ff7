/**
 * From features to the first layer: NeMo's `encoder.pre_encode`, scaled by sqrt(dModel) where the encoder has `xscaling`.
 *
 * Convolutions (`subsampling.ts`), stacked frames (`StackingSubsampling`), or one linear layer when nothing is subsampled.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { layerNorm, sizeOf } from './layers.ts';
import { linear } from './linear.ts';
import { convSubsampling, stageLengths } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

/** [batch, mels, frames] -> [batch, frames', dModel]; `masks` as in `convSubsampling`. */
export function preEncode(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  features: Value,
  masks: readonly Value[] | undefined,
): Value {
  const { subsampling, featIn, dModel, subsamplingFactor } = spec;
  if (subsampling === 'striding' || subsampling === 'dw_striding')
    return convSubsampling(graph, weights, spec, features, masks);
  const frames = graph.op('Transpose', [features], { perm: [0, 2, 1] });
  const output = { outputSize: dModel, hasBias: true, scale: spec.xscaling ? Math.sqrt(dModel) : 1 };
  if (subsampling === 'none')
    return linear(graph, weights, 'encoder.pre_encode', frames, { inputSize: featIn, ...output });

  const whole = paddedToMultiple(graph, frames, subsamplingFactor);
  const normed =
    subsampling === 'stacking_norm' ? layerNorm(graph, weights, 'encoder.pre_encode.pre_norm', whole, featIn) : whole;
  const stacked = graph.op('Reshape', [normed, graph.ints(0, -1, featIn * subsamplingFactor)]);
  return linear(graph, weights, 'encoder.pre_encode.proj_out', stacked, {
    inputSize: featIn * subsamplingFactor,
    ...output,
  });
}

/**
 * Frames after `preEncode` for a clip of `length` frames in a tensor of `numFrames` columns.
 *
 * Stacking adds the *tensor's* padding to the length, so a short clip may gain a frame in a batch.
 */
export function preEncodedLength(spec: ConformerSpec, length: number, numFrames: number): number {
  const factor = spec.subsamplingFactor;
  if (spec.subsampling === 'none') return length;
  if (spec.subsampling.startsWith('stacking'))
    return Math.floor((length + ((factor - (numFrames % factor)) % factor)) / factor);
  return stageLengths(spec, length).at(-1) ?? length;
}

/** Frames of the tensor after `preEncode`. */
export function preEncodedFrames(spec: ConformerSpec, numFrames: number): number {
  return preEncodedLength(spec, numFrames, numFrames);
}

/** `x` [batch, frames, size] with zeros behind it until `factor` divides the frames. */
function paddedToMultiple(graph: Graph, x: Value, factor: number): Value {
  const padded = graph.op('Pad', [x, graph.ints(0, 0, 0, 0, factor - 1, 0)]);
  const stacks = graph.op('Div', [graph.op('Add', [sizeOf(graph, x, 1), graph.ints(factor - 1)]), graph.ints(factor)]);
  return graph.op('Slice', [padded, graph.ints(0), graph.op('Mul', [stacks, graph.ints(factor)]), graph.ints(1)]);
}
