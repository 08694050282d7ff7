/** What a NeMo `SqueezeformerEncoder` is (NeMo up to 2.7), read from its config with the constructor's defaults. */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { type ConfigTree, parseConfig } from './config.ts';
import { type ConformerSpec, readConformerSpec } from './conformer-spec.ts';

const index = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)));
const schema = v.object({ time_reduce_idx: index, time_recovery_idx: index });

export type SqueezeformerSpec = {
  readonly kind: 'squeezeformer';
  readonly featIn: number;
  readonly outputSize: number;
  /** What it shares with the Conformer: subsampling, attention, sizes. */
  readonly core: ConformerSpec;
  /** Layers from `reduceAt` up to, not including, `recoverAt` run on half the frames. */
  readonly timeReduction?: { readonly reduceAt: number; readonly recoverAt: number };
};

/** Reads the `encoder` section. Throws `checkpoint-unsupported` for what NeMo's class does not have. */
export function readSqueezeformerSpec(section: ConfigTree): SqueezeformerSpec {
  const { time_reduce_idx: reduceAt, time_recovery_idx: recovery } = parseConfig(schema, section, 'encoder');
  const core = readConformerSpec({ subsampling: 'dw_striding', ...section, use_bias: true });
  if (core.attention === 'rel_pos_local_attn')
    throw unsupported('self_attention_model', core.attention, 'rel_pos and abs_pos');
  if (core.convNorm.startsWith('group_norm'))
    throw unsupported('conv_norm_type', core.convNorm, 'batch_norm, layer_norm, instance_norm and fused_batch_norm');
  const shared = { kind: 'squeezeformer', featIn: core.featIn, outputSize: core.outputSize, core } as const;
  if (reduceAt === null || reduceAt === undefined) return shared;
  const recoverAt = recovery ?? core.numLayers - 1;
  if (recoverAt < reduceAt || recoverAt >= core.numLayers)
    throw unsupported('time_recovery_idx', recoverAt, `${reduceAt} to ${core.numLayers - 1}`);
  return { ...shared, timeReduction: { reduceAt, recoverAt } };
}

function unsupported(key: string, value: unknown, supported: string): AsrError {
  return new AsrError(
    'checkpoint-unsupported',
    `The configuration's encoder.${key} is ${value}; a Squeezeformer supports ${supported}.`,
  );
}
