/**
 * NeMo's `ConformerEncoder` (Conformer, FastConformer, cache-aware checkpoints offline) as an ONNX graph: a clip or a padded batch at once.
 *
 * subsampled [batch, frames', dModel] (features [batch, mels, frames] where no convolution subsamples), position_<layer>, and when `masked`
 * frame_mask [batch, frames', 1], attention_mask [batch or 1, 1, frames', frames'] or that of `attention-blocks.ts` -> encoded [batch, frames', size];
 * with a reduction reduction_mask_<stage> and …_reduced of the masks, with abs_pos absolute_positions [1, frames', dModel] in place of
 * position_<layer>, with global tokens the inputs of `global-attention.ts`
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { declareBlocks, hasBlocks } from './attention-blocks.ts';
import { hasReducedLayers } from './conformer-feeds.ts';
import { type LayerInputs, conformerLayer, declarePositions, projectOut } from './conformer-layer.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { declareGlobalTokens, hasGlobalTokens } from './global-attention.ts';
import { preEncode } from './pre-encode.ts';
import { type Reduction, numReductionStages, reduceFrames } from './reduction.ts';
import type { WeightReader } from './weight-reader.ts';

export type WholeEncoderOptions = {
  /** Accept padded batches. Without it every clip of a batch must fill it. */
  readonly masked: boolean;
  /** Add `attention_mask` though nothing is padded, for limited attention contexts. */
  readonly limitedContext: boolean;
};

/** The encoder for whole clips. */
export function buildConformer(
  weights: WeightReader,
  spec: ConformerSpec,
  { masked, limitedContext }: WholeEncoderOptions,
): Graph {
  const graph = new Graph('encoder');
  const stageMasks = (name: string, count: number) =>
    masked
      ? Array.from({ length: count }, (_, stage) =>
          graph.input(`${name}_${stage}`, 'float32', ['batch', 1, 1, `${name}_frames_${stage}`]),
        )
      : undefined;
  const takesBlocks = hasBlocks(spec, { masked });
  const layerMasks = (suffix: string): LayerInputs => ({
    ...(masked
      ? { frameMask: graph.input(`frame_mask${suffix}`, 'float32', ['batch', `frames_out${suffix}`, 1]) }
      : {}),
    ...(masked || limitedContext
      ? {
          attentionMask: graph.input(`attention_mask${suffix}`, 'float32', [
            'mask_batch',
            1,
            takesBlocks ? `block${suffix}` : `frames_out${suffix}`,
            takesBlocks ? `span${suffix}` : `frames_out${suffix}`,
          ]),
        }
      : {}),
    ...(takesBlocks ? { blocks: declareBlocks(graph, suffix) } : {}),
  });
  let masks = layerMasks('');
  const reductionMasks = stageMasks('reduction_mask', numReductionStages(spec));
  const reducedMasks = hasReducedLayers(spec) ? layerMasks('_reduced') : undefined;
  if (hasGlobalTokens(spec)) declareGlobalTokens(graph);
  declarePositions(graph, spec);

  const reduce = (frames: Value, reduction: Reduction) =>
    reduceFrames(
      graph,
      weights,
      spec,
      reduction,
      frames,
      masks.frameMask && reductionMasks ? { frames: masks.frameMask, stages: reductionMasks } : undefined,
    );

  let x = preEncode(graph, weights, spec);
  if (spec.attention === 'abs_pos')
    x = graph.op('Add', [x, graph.input('absolute_positions', 'float32', [1, 'frames_out', spec.dModel])]);
  for (let layer = 0; layer < spec.numLayers; layer++) {
    x = conformerLayer(graph, weights, spec, layer, x, masks).output;
    if (spec.reduction?.position === layer) {
      x = reduce(x, spec.reduction);
      masks = reducedMasks ?? masks;
    }
  }
  x = projectOut(graph, weights, spec, x);
  if (spec.reduction?.position === -1) x = reduce(x, spec.reduction);
  graph.output('encoded', x, 'float32', ['batch', spec.reduction ? 'frames_encoded' : 'frames_out', spec.outputSize]);
  return graph;
}
