/**
 * NeMo's `ConvASREncoder` as an ONNX graph: blocks of (separable) 1-d convolutions with folded batch norm, residuals, squeeze-and-excitation.
 *
 * features [batch, mels, frames], and when masked conv_mask_<stage> [batch, 1, frames'] -> encoded [batch, frames', size].
 * Activations stay channels first until the end. Indices into `mconv` count NeMo's activation and dropout modules too.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { activate } from './activation.ts';
import type { ConvBlockSpec, ConvEncoderSpec } from './conv-encoder-spec.ts';
import { foldedConv } from './conv-norm.ts';
import { type PlannedBlock, convMaskName, masksInput, planConv } from './conv-plan.ts';
import { squeezeExcite } from './squeeze-excite.ts';
import type { WeightReader } from './weight-reader.ts';

/** Everything a block needs beside its input. */
type Build = {
  readonly graph: Graph;
  readonly weights: WeightReader;
  readonly spec: ConvEncoderSpec;
  readonly masked: boolean;
};

export function buildConvEncoder(
  weights: WeightReader,
  spec: ConvEncoderSpec,
  { masked }: { readonly masked: boolean },
): Graph {
  const graph = new Graph('encoder');
  const plan = planConv(spec);
  const build = { graph, weights, spec, masked };
  let kept = [graph.input('features', 'float32', ['batch', spec.featIn, 'frames'])];
  let width = spec.featIn;
  if (masked)
    for (const stage of plan.maskedStages) graph.input(convMaskName(stage), 'float32', ['batch', 1, `frames_${stage}`]);

  plan.blocks.forEach((planned, index) => {
    const output = jasperBlock(build, planned, `encoder.encoder.${index}`, kept, width);
    kept = planned.block.isDense ? [...kept, output] : [output];
    width = planned.block.filters;
  });
  const encoded = graph.op('Transpose', [kept.at(-1) as Value], { perm: [0, 2, 1] });
  graph.output('encoded', encoded, 'float32', ['batch', 'frames_out', spec.outputSize]);
  return graph;
}

/** One `JasperBlock` over the last of `inputs`; the others are the residual inputs of a dense block. */
function jasperBlock(
  build: Build,
  { block, inputStage, repeats }: PlannedBlock,
  name: string,
  inputs: readonly Value[],
  inputSize: number,
): Value {
  const { graph, spec } = build;
  let x = inputs.at(-1) as Value;
  let size = inputSize;
  let index = 0;
  repeats.forEach((repeat, number) => {
    if (number > 0) {
      x = activate(graph, spec.activation, x);
      index += 2; // activation and dropout are modules of their own
    }
    x = subBlock(build, block, repeat, `${name}.mconv`, index, x, size);
    index += (block.separable ? 3 : 2) + (block.groups > 1 ? 1 : 0);
    size = block.filters;
  });
  const lastStage = repeats.at(-1)?.to ?? inputStage;
  if (block.squeezeSize > 0)
    x = squeezeExcite(
      graph,
      build.weights,
      spec,
      block,
      `${name}.mconv.${index}`,
      x,
      build.masked ? convMaskName(lastStage) : undefined,
    );

  if (block.residual !== 'none') {
    block.residualInputs.forEach((width, branch) => {
      const input = masked(build, inputs[branch] as Value, inputStage, 1);
      const shape = {
        inputSize: width,
        outputSize: block.filters,
        kernel: 1,
        stride: block.residualStride,
        dilation: 1,
        padding: [0, 0] as const,
        groups: 1,
      };
      const residual = foldedConv(
        graph,
        build.weights,
        spec,
        { conv: `${name}.res.${branch}.0`, norm: `${name}.res.${branch}.1` },
        input,
        shape,
      );
      x = graph.op(block.residual === 'add' ? 'Add' : 'Max', [x, residual]);
    });
  }
  return activate(graph, spec.activation, x);
}

/** One repeat: depthwise and pointwise, or plain convolution; norm; group shuffle. */
function subBlock(
  build: Build,
  block: ConvBlockSpec,
  { stride, from, to }: PlannedBlock['repeats'][number],
  name: string,
  index: number,
  x: Value,
  inputSize: number,
): Value {
  const { graph, weights, spec } = build;
  const { kernel, dilation, padding, groups, filters } = block;
  const input = masked(build, x, from, kernel);
  const spatial = { kernel, stride, dilation, padding };
  let normed: Value;
  if (block.separable) {
    const mixed = depthwise(build, block, `${name}.${index}`, input, inputSize, stride);
    const pointwise = {
      inputSize,
      outputSize: filters,
      kernel: 1,
      stride: 1,
      dilation: 1,
      padding: [0, 0] as const,
      groups,
    };
    normed = foldedConv(
      graph,
      weights,
      spec,
      { conv: `${name}.${index + 1}`, norm: `${name}.${index + 2}` },
      masked(build, mixed, to, 1),
      pointwise,
    );
  } else {
    normed = foldedConv(graph, weights, spec, { conv: `${name}.${index}`, norm: `${name}.${index + 1}` }, input, {
      inputSize,
      outputSize: filters,
      ...spatial,
      groups,
    });
  }
  return groups > 1 ? groupShuffle(graph, normed, groups, filters) : normed;
}

function depthwise(
  { graph, weights, spec }: Build,
  block: ConvBlockSpec,
  name: string,
  x: Value,
  channels: number,
  stride: number,
): Value {
  const { kernel, heads, dilation, padding } = block;
  const source = `${name}${spec.convMask ? '.conv' : ''}.weight`;
  // With heads, channel c is filtered by kernel c modulo heads; the kernels are repeated instead of the activations reshaped.
  const weight =
    heads > 0
      ? weights.derive(graph, `${source}*heads`, [[source, [heads, 1, kernel]]], [channels, 1, kernel], ([values]) =>
          Float32Array.from(
            { length: channels * kernel },
            (_, at) => (values as Float32Array)[at % (heads * kernel)] as number,
          ),
        )
      : weights.plain(graph, source, [channels, 1, kernel]);
  return graph.op('Conv', [x, weight], {
    kernel_shape: [kernel],
    strides: [stride],
    dilations: [dilation],
    pads: padding,
    group: channels,
  });
}

/** NeMo's `GroupShuffle`: channel (group, position) moves to (position, group). */
function groupShuffle(graph: Graph, x: Value, groups: number, channels: number): Value {
  const grouped = graph.op('Reshape', [x, graph.ints(0, groups, channels / groups, -1)]);
  const swapped = graph.op('Transpose', [grouped], { perm: [0, 2, 1, 3] });
  return graph.op('Reshape', [swapped, graph.ints(0, channels, -1)]);
}

function masked({ graph, spec, masked: hasMasks }: Build, x: Value, stage: number, kernel: number): Value {
  return hasMasks && masksInput(spec, kernel) ? graph.op('Mul', [x, convMaskName(stage)]) : x;
}
