/**
 * Reads the config of a `ConvASREncoder`, with the constructor's defaults.
 *
 * Three rules live only in NeMo's code: an even kernel is rounded up to an odd one, `residual_mode` of a block stays for all later blocks
 * that name none, and `kernel_size_factor` truncates before it rounds up.
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { ACTIVATIONS } from './activation.ts';
import { MAX_LAYERS, dimension, flag, parseConfig } from './config.ts';
import type { ConvBlockSpec, ConvEncoderSpec } from './conv-encoder-spec.ts';
import { convStageLengths, planConv } from './conv-plan.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096));
const one = v.union([count, v.pipe(v.array(count), v.minLength(1))]);

const blockSchema = v.object({
  filters: dimension,
  repeat: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LAYERS)),
  kernel: one,
  stride: one,
  dilation: one,
  residual: v.boolean(),
  groups: v.nullish(count, 1),
  separable: flag(false),
  heads: v.nullish(v.number(), -1),
  residual_mode: v.nullish(v.string()),
  residual_dense: flag(false),
  se: flag(false),
  se_reduction_ratio: v.nullish(count, 8),
  kernel_size_factor: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(64)), 1),
  stride_last: flag(false),
  future_context: v.nullish(v.pipe(v.number(), v.integer()), -1),
});

const schema = v.object({
  feat_in: dimension,
  jasper: v.pipe(v.array(blockSchema), v.minLength(1), v.maxLength(MAX_LAYERS)),
  activation: v.picklist(ACTIVATIONS),
  normalization_mode: v.nullish(v.picklist(['batch', 'group', 'layer', 'instance']), 'batch'),
  residual_mode: v.nullish(v.string(), 'add'),
  norm_groups: v.nullish(v.number(), -1),
  conv_mask: flag(true),
  frame_splicing: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), 1),
});

/** Reads the `encoder` section. Throws `checkpoint-unsupported` for what is not in NeMo's constructor. */
export function readConvEncoderSpec(section: unknown): ConvEncoderSpec {
  const c = parseConfig(schema, section, 'encoder');
  const featIn = c.feat_in * c.frame_splicing;
  const densePanes: number[] = [];
  let width = featIn;
  let residualMode = c.residual_mode;

  const blocks = c.jasper.map((block, index): ConvBlockSpec => {
    residualMode = block.residual_mode ?? residualMode;
    if (block.residual_dense) densePanes.push(width);
    const [kernel, stride, dilation] = [
      oddKernel(first(block.kernel) * block.kernel_size_factor),
      first(block.stride),
      first(block.dilation),
    ];
    if (c.normalization_mode === 'group' && c.norm_groups !== -1 && block.filters % c.norm_groups !== 0)
      throw unsupported(index, `${block.filters} filters`, `norm_groups ${c.norm_groups} must divide them`);
    if (stride > 1 && dilation > 1)
      throw unsupported(index, `stride ${stride} with dilation ${dilation}`, 'NeMo allows only one of them above 1');
    const usesHeads = block.heads !== -1 && block.separable && c.conv_mask;
    const padding = paddingOf(kernel, dilation, block.future_context);
    if (!c.conv_mask && padding[0] !== padding[1])
      throw unsupported(index, `future_context ${block.future_context} without conv_mask`, 'NeMo cannot run it');
    const input = width;
    width = block.filters;
    return {
      filters: block.filters,
      repeat: block.repeat,
      kernel,
      stride,
      dilation,
      padding,
      groups: block.groups,
      separable: block.separable,
      heads: usesHeads ? block.heads : 0,
      residual: !block.residual ? 'none' : residualMode === 'add' || residualMode === 'stride_add' ? 'add' : 'max',
      residualStride: residualMode === 'stride_add' ? stride : 1,
      residualInputs: block.residual_dense ? [...densePanes] : [input],
      isDense: block.residual && block.residual_dense,
      squeezeSize: block.se ? Math.floor(block.filters / block.se_reduction_ratio) : 0,
      strideLast: block.stride_last,
    };
  });

  const spec: ConvEncoderSpec = {
    kind: 'conv',
    featIn,
    outputSize: width,
    activation: c.activation,
    convMask: c.conv_mask,
    norm: c.normalization_mode,
    paddingMatters: false,
    normGroups: c.norm_groups === -1 ? 0 : c.norm_groups,
    blocks,
  };
  assertResidualsFit(spec);
  return spec;
}

/** NeMo builds blocks whose residual has other lengths than the block, but cannot run them. */
function assertResidualsFit(spec: ConvEncoderSpec): void {
  const plan = planConv(spec);
  const frames = convStageLengths(plan, 10_007);
  let kept = 1;
  plan.blocks.forEach(({ block, inputStage, repeats }, index) => {
    const [input, output] = [frames[inputStage] as number, frames[repeats.at(-1)?.to ?? inputStage] as number];
    const fits = Math.floor((input - 1) / block.residualStride) + 1 === output && block.residualInputs.length <= kept;
    if (block.residual !== 'none' && !fits)
      throw unsupported(index, 'a residual of another length than the block', 'NeMo cannot run it');
    kept = block.isDense ? kept + 1 : 1;
  });
}

function first(value: number | number[]): number {
  return Array.isArray(value) ? (value[0] as number) : value;
}

function oddKernel(size: number): number {
  const whole = Math.max(Math.trunc(size), 1);
  return whole % 2 === 0 ? whole + 1 : whole;
}

/** `future_context` trades frames ahead for frames behind; with dilation NeMo pads one dilation too many in front, and so must we. */
function paddingOf(kernel: number, dilation: number, futureContext: number): [number, number] {
  const same = Math.floor((dilation * (kernel - 1)) / 2);
  if (futureContext < 0 || kernel <= futureContext) return [same, same];
  if (dilation > 1) return [dilation * kernel - 1 - dilation * futureContext, dilation * futureContext];
  return [kernel - 1 - futureContext, futureContext];
}

function unsupported(block: number, found: string, why: string): AsrError {
  return new AsrError('checkpoint-unsupported', `The configuration's encoder.jasper.${block} has ${found}: ${why}.`);
}
