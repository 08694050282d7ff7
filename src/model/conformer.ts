/**
 * NeMo's `ConformerEncoder` (Conformer, FastConformer, cache-aware streaming) as an ONNX graph.
 *
 * Two forms from the same weights. *Whole*: a clip or a padded batch at once. *Step*: cache-aware streaming, where every layer keeps the
 * projected keys and values of the frames before (NeMo keeps the layer's inputs and projects them again at every step: same numbers, more work)
 * and the depthwise convolution its last inputs.
 *
 * whole: subsampled [batch, frames', dModel] (features [batch, mels, frames] where no convolution subsamples), position_<layer>, and when `masked`
 *        frame_mask [batch, frames', 1], attention_mask [batch or 1, 1, frames', frames'] or that of `attention-blocks.ts` -> encoded [batch, frames', size];
 *        with a reduction reduction_mask_<stage> and …_reduced of the masks, with abs_pos absolute_positions [1, frames', dModel] in place of
 *        position_<layer>, with global tokens the inputs of `global-attention.ts`
 * step:  features [1, mels, frames] (with the cached feature frames in front), drop [1], position_<layer>, attention_mask,
 *        cache_range [2], keys/values [layers, 1, cached, dModel], conv [layers, 1, kernel - 1, dModel]
 *        -> encoded, keys_next, values_next, conv_next
 */
import { Graph } from '../onnx/graph.ts';
import type { Value } from '../onnx/graph.ts';
import { addAdapters } from './adapters.ts';
import { type BlockInputs, declareBlocks, hasBlocks } from './attention-blocks.ts';
import { type AttentionOutputs, selfAttention } from './attention.ts';
import { hasReducedLayers } from './conformer-feeds.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type ConvOutputs, convModule } from './conv-module.ts';
import { feedForward } from './feed-forward.ts';
import { declareGlobalTokens, hasGlobalTokens } from './global-attention.ts';
import { layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import { positionName } from './positions.ts';
import { hasSubsampling, preEncode } from './pre-encode.ts';
import { type Reduction, numReductionStages, reduceFrames } from './reduction.ts';
import { convSubsampling } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

export type WholeEncoderOptions = {
  /** Accept padded batches. Without it every clip of a batch must fill it. */
  readonly masked: boolean;
  /** Add `attention_mask` though nothing is padded, for limited attention contexts. */
  readonly limitedContext: boolean;
};

type LayerInputs = {
  readonly attentionMask?: Value;
  readonly blocks?: BlockInputs;
  readonly frameMask?: Value;
  readonly cache?: { readonly keys: Value; readonly values: Value; readonly conv: Value };
};

type LayerOutputs = AttentionOutputs & ConvOutputs;

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

/** The encoder for one streaming step. */
export function buildConformerStep(weights: WeightReader, spec: ConformerSpec): Graph {
  const graph = new Graph('encoder_step');
  const { numLayers, dModel, convKernel } = spec;
  const drop = graph.input('drop', 'int64', [1]);
  const attentionMask = graph.input('attention_mask', 'float32', [1, 1, 'new', 'all']);
  const cacheRange = graph.input('cache_range', 'int64', [2]);
  const caches = {
    keys: graph.input('keys', 'float32', [numLayers, 1, 'cached', dModel]),
    values: graph.input('values', 'float32', [numLayers, 1, 'cached', dModel]),
    conv: graph.input('conv', 'float32', [numLayers, 1, convKernel - 1, dModel]),
  };
  declarePositions(graph, spec);

  const subsampled = hasSubsampling(spec)
    ? convSubsampling(graph, weights, spec, graph.input('features', 'float32', [1, spec.featIn, 'frames']), undefined)
    : preEncode(graph, weights, spec);
  let x = graph.op('Slice', [subsampled, drop, graph.ints(Number.MAX_SAFE_INTEGER), graph.ints(1)]);
  const [from, to] = graph.multi('Split', [cacheRange, graph.ints(1, 1)], 2, { axis: 0 }) as [Value, Value];
  const convTo = graph.op('Add', [from, graph.ints(convKernel - 1)]);
  const next: Record<keyof typeof caches, Value[]> = { keys: [], values: [], conv: [] };

  for (let layer = 0; layer < numLayers; layer++) {
    const ofLayer = (cache: Value) => graph.op('Gather', [cache, graph.int(layer)], { axis: 0 });
    const cache = { keys: ofLayer(caches.keys), values: ofLayer(caches.values), conv: ofLayer(caches.conv) };
    const result = conformerLayer(graph, weights, spec, layer, x, { attentionMask, cache });
    const kept = (history: Value, end: Value) =>
      graph.op('Unsqueeze', [graph.op('Slice', [history, from, end, graph.ints(1)]), graph.ints(0)]);
    next.keys.push(kept(result.keys, to));
    next.values.push(kept(result.values, to));
    next.conv.push(kept(result.history, convTo));
    x = result.output;
  }
  graph.output('encoded', projectOut(graph, weights, spec, x), 'float32', [1, 'new', spec.outputSize]);
  for (const [name, values] of Object.entries(next)) {
    graph.output(`${name}_next`, graph.op('Concat', values, { axis: 0 }), 'float32', [
      numLayers,
      1,
      `${name}_kept`,
      dModel,
    ]);
  }
  return graph;
}

/** The projection to `feat_out`, where there is one. */
function projectOut(graph: Graph, weights: WeightReader, { dModel, outputSize }: ConformerSpec, x: Value): Value {
  if (outputSize === dModel) return x;
  return linear(graph, weights, 'encoder.out_proj', x, { inputSize: dModel, outputSize, hasBias: true });
}

function declarePositions(graph: Graph, spec: ConformerSpec): void {
  if (spec.attention === 'abs_pos') return;
  const { numLayers, numHeads, dModel, reduction } = spec;
  for (let layer = 0; layer < numLayers; layer++) {
    const isReduced = reduction !== undefined && reduction.position >= 0 && layer > reduction.position;
    graph.input(positionName(layer), 'float32', [
      numHeads,
      dModel / numHeads,
      isReduced ? 'positions_reduced' : 'positions',
    ]);
  }
}

/** Macaron layer: half feed-forward, attention, convolution, half feed-forward, norm (NeMo `ConformerLayer`). */
function conformerLayer(
  graph: Graph,
  weights: WeightReader,
  spec: ConformerSpec,
  layer: number,
  input: Value,
  inputs: LayerInputs,
): LayerOutputs {
  const name = `encoder.layers.${layer}`;
  const { attentionMask, blocks, frameMask, cache } = inputs;
  const norm = (part: string, x: Value) => layerNorm(graph, weights, `${name}.${part}`, x, spec.dModel);

  let x = graph.op('Add', [
    input,
    feedForward(graph, weights, spec, `${name}.feed_forward1`, norm('norm_feed_forward1', input), 0.5),
  ]);
  const attention = selfAttention(graph, weights, spec, `${name}.self_attn`, norm('norm_self_att', x), {
    positions: spec.attention === 'abs_pos' ? undefined : positionName(layer),
    ...(attentionMask ? { mask: attentionMask } : {}),
    ...(blocks ? { blocks } : {}),
    ...(cache ? { cache } : {}),
  });
  x = graph.op('Add', [x, attention.output]);
  const conv = convModule(graph, weights, spec, `${name}.conv`, norm('norm_conv', x), {
    ...(frameMask ? { frameMask } : {}),
    ...(cache ? { cache: cache.conv } : {}),
  });
  x = graph.op('Add', [x, conv.output]);
  x = graph.op('Add', [
    x,
    feedForward(graph, weights, spec, `${name}.feed_forward2`, norm('norm_feed_forward2', x), 0.5),
  ]);
  const output = addAdapters(graph, weights, spec, name, norm('norm_out', x));
  return { ...attention, ...conv, output };
}
