/**
 * NeMo's `SqueezeformerEncoder` as an ONNX graph: post-norm layers in the order attention, feed-forward, convolution, feed-forward, the middle ones
 * on half the frames.
 *
 * Inputs and output as the Conformer's, with frame_mask_reduced and attention_mask_reduced for the middle layers.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { selfAttention } from './attention.ts';
import { convModule } from './conv-module.ts';
import { feedForward } from './feed-forward.ts';
import { layerNorm, sizeOf } from './layers.ts';
import { linear } from './linear.ts';
import { positionName } from './positions.ts';
import { preEncode } from './pre-encode.ts';
import type { SqueezeformerSpec } from './squeezeformer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

type Masks = { readonly frames?: Value; readonly attention?: Value };

/** The encoder for whole clips; options as `buildConformer`'s. */
export function buildSqueezeformer(
  weights: WeightReader,
  spec: SqueezeformerSpec,
  { masked, limitedContext }: { readonly masked: boolean; readonly limitedContext: boolean },
): Graph {
  const graph = new Graph('encoder');
  const { core, timeReduction } = spec;
  const { dModel, numLayers, numHeads } = core;
  const declareMasks = (suffix: string): Masks => ({
    ...(masked ? { frames: graph.input(`frame_mask${suffix}`, 'float32', ['batch', `frames_out${suffix}`, 1]) } : {}),
    ...(masked || limitedContext
      ? {
          attention: graph.input(`attention_mask${suffix}`, 'float32', [
            'mask_batch',
            1,
            `frames_out${suffix}`,
            `frames_out${suffix}`,
          ]),
        }
      : {}),
  });
  const wholeMasks = declareMasks('');
  const reducedMasks = hasReducedTime(spec) ? declareMasks('_reduced') : {};

  let x = preEncode(graph, weights, core);
  if (core.attention === 'abs_pos')
    x = graph.op('Add', [x, graph.input('absolute_positions', 'float32', [1, 'frames_out', dModel])]);
  x = layerNorm(graph, weights, 'encoder.pre_ln', x, dModel);
  let recovered = x;
  for (let layer = 0; layer < numLayers; layer++) {
    const isReduced = isReducedLayer(spec, layer);
    if (layer === timeReduction?.reduceAt) {
      recovered = x;
      x = reduceTime(graph, weights, dModel, x, wholeMasks.frames);
    }
    if (layer === timeReduction?.recoverAt) x = recoverTime(graph, weights, dModel, x, recovered);
    const positions =
      core.attention === 'abs_pos'
        ? undefined
        : graph.input(positionName(layer), 'float32', [
            numHeads,
            dModel / numHeads,
            isReduced ? 'positions_reduced' : 'positions',
          ]);
    x = squeezeformerLayer(graph, weights, spec, layer, x, isReduced ? reducedMasks : wholeMasks, positions);
  }
  if (spec.outputSize !== dModel)
    x = linear(graph, weights, 'encoder.out_proj', x, {
      inputSize: dModel,
      outputSize: spec.outputSize,
      hasBias: true,
    });
  graph.output('encoded', x, 'float32', ['batch', 'frames_out', spec.outputSize]);
  return graph;
}

/** True when some layers run on half the frames. */
export function hasReducedTime({ timeReduction }: SqueezeformerSpec): boolean {
  return timeReduction !== undefined && timeReduction.recoverAt > timeReduction.reduceAt;
}

/** True when `layer` runs on half the frames. */
export function isReducedLayer({ timeReduction }: SqueezeformerSpec, layer: number): boolean {
  return timeReduction !== undefined && layer >= timeReduction.reduceAt && layer < timeReduction.recoverAt;
}

function squeezeformerLayer(
  graph: Graph,
  weights: WeightReader,
  { core }: SqueezeformerSpec,
  layer: number,
  input: Value,
  masks: Masks,
  positions: Value | undefined,
): Value {
  const name = `encoder.layers.${layer}`;
  const { dModel } = core;
  /** norm(x + module(x * scale + bias)) */
  const residual = (x: Value, scale: string, norm: string, module: (scaled: Value) => Value) => {
    const stretched = graph.op('Mul', [x, weights.plain(graph, `${name}.${scale}.scale`, [dModel])]);
    const scaled = graph.op('Add', [stretched, weights.plain(graph, `${name}.${scale}.bias`, [dModel])]);
    return layerNorm(graph, weights, `${name}.${norm}`, graph.op('Add', [x, module(scaled)]), dModel);
  };
  const half = (x: Value, part: string) =>
    residual(x, `${part}_scale`, `norm_${part}`, (scaled) =>
      feedForward(graph, weights, core, `${name}.${part}`, scaled, 1),
    );

  let x = residual(
    input,
    'self_attn_scale',
    'norm_self_att',
    (scaled) =>
      selfAttention(graph, weights, core, `${name}.self_attn`, scaled, {
        positions,
        ...(masks.attention ? { mask: masks.attention } : {}),
      }).output,
  );
  x = half(x, 'feed_forward1');
  x = residual(
    x,
    'conv_scale',
    'norm_conv',
    (scaled) =>
      convModule(graph, weights, core, `${name}.conv`, scaled, {
        isGated: false,
        ...(masks.frames ? { frameMask: masks.frames } : {}),
      }).output,
  );
  return half(x, 'feed_forward2');
}

/** Every second frame by a strided convolution; it gives one frame too many, which NeMo crops. */
function reduceTime(
  graph: Graph,
  weights: WeightReader,
  dModel: number,
  x: Value,
  frameMask: Value | undefined,
): Value {
  const name = 'encoder.time_reduce_layer';
  const valid = frameMask ? graph.op('Mul', [x, frameMask]) : x;
  const kernel = weights.plain(graph, `${name}.dw_conv.weight`, [dModel, 1, 5]);
  const bias = weights.plain(graph, `${name}.dw_conv.bias`, [dModel]);
  const channelsFirst = graph.op('Transpose', [valid], { perm: [0, 2, 1] });
  const mixed = graph.op('Conv', [channelsFirst, kernel, bias], {
    kernel_shape: [5],
    strides: [2],
    pads: [3, 3],
    group: dModel,
  });
  const frames = graph.op('Transpose', [mixed], { perm: [0, 2, 1] });
  const kept = graph.op('Div', [graph.op('Add', [sizeOf(graph, x, 1), graph.ints(1)]), graph.ints(2)]);
  const cropped = graph.op('Slice', [frames, graph.ints(0), kept, graph.ints(1)]);
  return linear(graph, weights, `${name}.pw_conv`, cropped, {
    inputSize: dModel,
    outputSize: dModel,
    hasBias: true,
    kernelDims: 1,
  });
}

/** Every frame twice, cropped to the frames there were, projected and added to what they were. */
function recoverTime(graph: Graph, weights: WeightReader, dModel: number, x: Value, before: Value): Value {
  const single = graph.op('Unsqueeze', [x, graph.ints(2)]);
  const doubled = graph.op('Reshape', [graph.op('Concat', [single, single], { axis: 2 }), graph.ints(0, -1, dModel)]);
  const cropped = graph.op('Slice', [doubled, graph.ints(0), sizeOf(graph, before, 1), graph.ints(1)]);
  const projected = linear(graph, weights, 'encoder.time_recovery_layer', cropped, {
    inputSize: dModel,
    outputSize: dModel,
    hasBias: true,
  });
  return graph.op('Add', [before, projected]);
}
