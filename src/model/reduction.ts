/** A Conformer that shortens its frames once more, between two layers or at the end (NeMo `SubsamplingReductionModule`). */
import type { Graph, Value } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type SubsamplingShape, convSubsampling, numStages, stageLengths } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

export type Reduction = NonNullable<ConformerSpec['reduction']>;

/** The strided convolutions of a reduction: frames are its time, channels its mels. */
export function reductionShape({ dModel }: ConformerSpec, { factor }: Reduction): SubsamplingShape {
  return {
    subsampling: 'striding',
    subsamplingFactor: factor,
    subsamplingChannels: dModel,
    causalDownsampling: false,
    featIn: dModel,
    dModel,
    xscaling: false,
  };
}

/** Strided stages of the reduction, each with a mask `reduction_mask_<stage>`; none when pooling. */
export function numReductionStages(spec: ConformerSpec): number {
  return spec.reduction?.kind === 'striding' ? numStages(reductionShape(spec, spec.reduction)) : 0;
}

/** Frames of every stage of the reduction for `frames` valid frames; the last is the encoder's. */
export function reducedLengths(spec: ConformerSpec, reduction: Reduction, frames: number): number[] {
  if (reduction.kind === 'striding') return stageLengths(reductionShape(spec, reduction), frames);
  const { factor } = reduction;
  let length = frames;
  // NeMo's length formula repeats log2(factor) times, though it pools once.
  for (let repeat = 0; repeat < Math.trunc(Math.log2(factor)); repeat++)
    length = Math.floor((length - factor) / factor) + 1;
  return [Math.max(length, 0)];
}

/** Frames of the tensor after the reduction. */
export function reducedFrames(spec: ConformerSpec, reduction: Reduction, frames: number): number {
  return reduction.kind === 'pooling'
    ? Math.floor(frames / reduction.factor)
    : (stageLengths(reductionShape(spec, reduction), frames).at(-1) as number);
}

/**
 * `x` [batch, frames, size] -> [batch, frames', size].
 *
 * @param masks frame mask [batch, frames, 1] and one [batch, 1, 1, frames'] a stage, or undefined when nothing is padded
 */
export function reduceFrames(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  reduction: Reduction,
  x: Value,
  masks: { readonly frames: Value; readonly stages: readonly Value[] } | undefined,
): Value {
  const valid = masks && reduction.kind === 'striding' ? graph.op('Mul', [x, masks.frames]) : x;
  const channelsFirst = graph.op('Transpose', [valid], { perm: [0, 2, 1] });
  if (reduction.kind === 'striding') {
    return convSubsampling(
      graph,
      weights,
      reductionShape(spec, reduction),
      channelsFirst,
      masks?.stages,
      'encoder.reduction_subsampling.reduction_enc',
    );
  }
  const pooled = graph.op('MaxPool', [channelsFirst], {
    kernel_shape: [reduction.factor],
    strides: [reduction.factor],
  });
  return graph.op('Transpose', [pooled], { perm: [0, 2, 1] });
}
