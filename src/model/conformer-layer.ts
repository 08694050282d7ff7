/** A layer of NeMo's `ConformerEncoder`, and what stands around the layers in both forms of the encoder. */
import type { Graph, Value } from '../onnx/graph.ts';
import { addAdapters } from './adapters.ts';
import type { BlockInputs } from './attention-blocks.ts';
import { type AttentionOutputs, selfAttention } from './attention.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type ConvOutputs, convModule } from './conv-module.ts';
import { feedForward } from './feed-forward.ts';
import { layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import { positionName } from './positions.ts';
import type { WeightReader } from './weight-reader.ts';

/** What a layer is given besides its frames. */
export type LayerInputs = {
  readonly attentionMask?: Value;
  readonly blocks?: BlockInputs;
  readonly frameMask?: Value;
  readonly cache?: { readonly keys: Value; readonly values: Value; readonly conv: Value };
};

type LayerOutputs = AttentionOutputs & ConvOutputs;

/** Macaron layer: half feed-forward, attention, convolution, half feed-forward, norm (NeMo `ConformerLayer`). */
export function conformerLayer(
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

/** The projection to `feat_out`, where there is one. */
export function projectOut(
  graph: Graph,
  weights: WeightReader,
  { dModel, outputSize }: ConformerSpec,
  x: Value,
): Value {
  if (outputSize === dModel) return x;
  return linear(graph, weights, 'encoder.out_proj', x, { inputSize: dModel, outputSize, hasBias: true });
}

/** Declares the inputs `position_<layer>`; absolute positions are none of them. */
export function declarePositions(graph: Graph, spec: ConformerSpec): void {
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
