/**
 * From features to the first layer: NeMo's `encoder.pre_encode`, scaled by sqrt(dModel) where the encoder has `xscaling`.
 *
 * Convolutions (`subsampling.ts`), stacked frames (`StackingSubsampling`), or one linear layer when nothing is subsampled. Convolutions are a graph
 * of their own, because they can be run over a clip in chunks of time (`subsampling-chunks.ts`) and the layers cannot.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { layerNorm, sizeOf } from './layers.ts';
import { linear } from './linear.ts';
import { convSubsampling, numStages, stageLengths } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

/** True when frames come from the graph `subsampling`. */
export function hasSubsampling({ subsampling }: Pick<ConformerSpec, 'subsampling'>): boolean {
  return subsampling === 'striding' || subsampling === 'dw_striding';
}

/**
 * The graph `subsampling`: features [batch, mels, frames], and when `masked` subsampling_mask_<stage> [batch, 1, 1, frames'], to
 * subsampled [batch, frames', dModel].
 */
export function buildSubsampling(
  weights: WeightReader,
  spec: ConformerSpec,
  { masked }: { readonly masked: boolean },
): Graph {
  const graph = new Graph('subsampling');
  const features = graph.input('features', 'float32', ['batch', spec.featIn, 'frames']);
  const masks = Array.from({ length: masked ? numStages(spec) : 0 }, (_, stage) =>
    graph.input(`subsampling_mask_${stage}`, 'float32', ['batch', 1, 1, `frames_${stage}`]),
  );
  const subsampled = convSubsampling(graph, weights, spec, features, masked ? masks : undefined);
  graph.output('subsampled', subsampled, 'float32', ['batch', 'frames_out', spec.dModel]);
  return graph;
}

/** Declares the encoder's input, `subsampled` or `features`: [batch, frames', dModel] for the first layer. */
export function preEncode(graph: Graph, weights: WeightReader, spec: ConformerSpec): Value {
  const { subsampling, featIn, dModel, subsamplingFactor } = spec;
  if (hasSubsampling(spec)) return graph.input('subsampled', 'float32', ['batch', 'frames_out', dModel]);
  const features = graph.input('features', 'float32', ['batch', featIn, 'frames']);
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
