/**
 * NeMo's `ConvSubsampling` (striding and dw_striding): strided 3x3 convolutions over time and mel, then a projection to d_model.
 *
 * The graph keeps features as [batch, channels, mel, time], time last as they come from the mel front end, so kernels are stored transposed;
 * that and leaving NeMo's masks out between convolution and ReLU (they commute) lets ORT fuse and doubles the speed of NeMo's export.
 */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

const KERNEL = 3;
const STRIDE = 2;

/** What of a `ConformerSpec` the convolutions need; a reduction layer has one of its own. */
export type SubsamplingShape = Pick<
  ConformerSpec,
  'subsampling' | 'subsamplingFactor' | 'subsamplingChannels' | 'causalDownsampling' | 'featIn' | 'dModel' | 'xscaling'
>;

/** Frames after every stage for `numFrames` frames; the last entry is the length of the output. */
export function stageLengths(spec: SubsamplingShape, numFrames: number): number[] {
  const lengths = [];
  for (let stage = 0, length = numFrames; stage < numStages(spec); stage++) {
    length = strided(length, spec.causalDownsampling);
    lengths.push(length);
  }
  return lengths;
}

/** Strided stages: NeMo rounds other factors than powers of two down. */
export function numStages({ subsampling, subsamplingFactor }: SubsamplingShape): number {
  return subsampling === 'striding' || subsampling === 'dw_striding' ? Math.floor(Math.log2(subsamplingFactor)) : 0;
}

/**
 * [batch, mels, frames] features to [batch, frames', dModel], scaled by sqrt(dModel) where the encoder has `xscaling`.
 *
 * @param masks one input [batch, 1, 1, frames] of ones and zeros a stage, or undefined when nothing is padded
 * @param name the module's
 */
export function convSubsampling(
  graph: Graph,
  weights: WeightReader,
  spec: SubsamplingShape,
  features: Value,
  masks: readonly Value[] | undefined,
  name = 'encoder.pre_encode',
): Value {
  const channels = spec.subsamplingChannels;
  // Causal: NeMo pads mel and time alike with k-1 before and stride-1 after.
  const [before, after] = spec.causalDownsampling ? [KERNEL - 1, STRIDE - 1] : [1, 1];
  const strides = { strides: [STRIDE, STRIDE], pads: [before, before, after, after] };
  let x = graph.op('Unsqueeze', [features, graph.ints(1)]);
  let mels = spec.featIn;

  for (let stage = 0; stage < numStages(spec); stage++) {
    const isFirst = stage === 0;
    if (spec.subsampling === 'striding' || isFirst) {
      const index = spec.subsampling === 'striding' ? 2 * stage : 0;
      x = conv2d(
        graph,
        weights,
        `${name}.conv.${index}`,
        x,
        [channels, isFirst ? 1 : channels, KERNEL, KERNEL],
        strides,
      );
    } else {
      const index = 3 * stage - 1;
      x = conv2d(graph, weights, `${name}.conv.${index}`, x, [channels, 1, KERNEL, KERNEL], {
        ...strides,
        group: channels,
      });
      x = conv2d(graph, weights, `${name}.conv.${index + 1}`, x, [channels, channels, 1, 1], {});
    }
    x = graph.op('Relu', [x]);
    if (masks) x = graph.op('Mul', [x, masks[stage] as Value]);
    mels = strided(mels, spec.causalDownsampling);
  }

  // [B, C, mel, T] -> [B, T, C * mel], channel-major as NeMo flattens.
  const flat = graph.op('Reshape', [
    graph.op('Transpose', [x], { perm: [0, 3, 1, 2] }),
    graph.ints(0, 0, channels * mels),
  ]);
  return linear(graph, weights, `${name}.out`, flat, {
    inputSize: channels * mels,
    outputSize: spec.dModel,
    hasBias: true,
    scale: spec.xscaling ? Math.sqrt(spec.dModel) : 1,
  });
}

function conv2d(
  graph: Graph,
  weights: WeightReader,
  name: string,
  x: Value,
  shape: readonly [number, number, number, number],
  attributes: Record<string, number | readonly number[]>,
): Value {
  const [outputs, inputs, height, width] = shape;
  const kernel = weights.derive(
    graph,
    `${name}.weight^T`,
    [[`${name}.weight`, shape]],
    [outputs, inputs, width, height],
    ([values]) => transposedKernels(values as Float32Array, height, width),
  );
  const bias = weights.plain(graph, `${name}.bias`, [outputs]);
  return graph.op('Conv', [x, kernel, bias], { kernel_shape: [width, height], ...attributes });
}

/** Swaps the two spatial axes of every kernel. */
function transposedKernels(values: Float32Array, height: number, width: number): Float32Array {
  if (height === 1 && width === 1) return values;
  const result = new Float32Array(values.length);
  const area = height * width;
  for (let start = 0; start < values.length; start += area) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        result[start + column * height + row] = values[start + row * width + column]!;
      }
    }
  }
  return result;
}

function strided(length: number, isCausal: boolean): number {
  return isCausal ? Math.floor(length / STRIDE) + 1 : Math.ceil(length / STRIDE);
}
