/** What is refused says which key, which value, and what would do; what is read has NeMo's defaults. */
import { describe, expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { withAttentionModel } from './attention-switch.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import type { ConvEncoderSpec } from './conv-encoder-spec.ts';
import { encodedLength, frameFactor, seesPadding } from './encoder.ts';
import { readEncoderSpec } from './spec.ts';

const conformer = { _target_: 'x.ConformerEncoder', feat_in: 80, n_layers: 2, d_model: 16 };
const squeezeformer = { ...conformer, _target_: 'x.SqueezeformerEncoder' };
const block = { filters: 8, repeat: 2, kernel: [9], stride: [1], dilation: [1], residual: true };
const conv = (changes: object, encoder: object = {}) => ({
  _target_: 'x.ConvASREncoder',
  feat_in: 64,
  activation: 'relu',
  jasper: [{ ...block, ...changes }],
  ...encoder,
});

const REFUSED: readonly [string, object, RegExp][] = [
  [
    'an unknown encoder',
    { _target_: 'x.RNNEncoder' },
    /encoder\._target_ is RNNEncoder; supported are ConformerEncoder/,
  ],
  ['vggnet', { ...conformer, subsampling: 'vggnet' }, /subsampling is vggnet: NeMo itself cannot run it/],
  ['striding_conv1d', { ...conformer, subsampling: 'striding_conv1d' }, /striding_conv1d: NeMo itself cannot run it/],
  [
    'dw_striding_conv1d',
    { ...conformer, subsampling: 'dw_striding_conv1d' },
    /dw_striding_conv1d: NeMo itself cannot run it/,
  ],
  ['an unknown conv norm', { ...conformer, conv_norm_type: 'rms_norm' }, /encoder\.conv_norm_type is "rms_norm"/],
  ['heads that do not divide', { ...conformer, n_heads: 3 }, /n_heads is 3; supported is a divisor of d_model 16/],
  [
    'groups that do not divide',
    { ...conformer, conv_norm_type: 'group_norm3' },
    /conv_norm_type is group_norm3; supported/,
  ],
  ['an even kernel', { ...conformer, conv_kernel_size: 30 }, /conv_kernel_size is 30; supported is an odd number/],
  [
    'a context of another kernel',
    { ...conformer, conv_context_size: [9, 9] },
    /conv_context_size is \[9, 9\]; supported is causal, or two numbers with the sum 30/,
  ],
  ['an odd subsampling', { ...conformer, subsampling_factor: 5 }, /subsampling_factor is 5; supported is a multiple/],
  ['a subsampling without end', { ...conformer, subsampling_factor: Infinity }, /subsampling_factor is Infinity/],
  [
    'a reduction behind the last layer',
    { ...conformer, reduction: 'pooling', reduction_factor: 2, reduction_position: 2 },
    /reduction_position is 2; supported is -1 to 1/,
  ],
  [
    'a reduction without end',
    { ...conformer, reduction: 'pooling', reduction_factor: Infinity, reduction_position: 0 },
    /reduction_factor is Infinity/,
  ],
  ['half a context', { ...conformer, att_context_size: [70] }, /encoder\.att_context_size/],
  [
    'global tokens with a reduction',
    {
      ...conformer,
      self_attention_model: 'rel_pos_local_attn',
      att_context_size: [4, 4],
      global_tokens: 1,
      reduction: 'pooling',
      reduction_factor: 2,
      reduction_position: 0,
    },
    /global_tokens and encoder\.reduction/,
  ],
  [
    'a Squeezeformer with local attention',
    { ...squeezeformer, self_attention_model: 'rel_pos_local_attn', att_context_size: [4, 4] },
    /self_attention_model is rel_pos_local_attn; a Squeezeformer supports/,
  ],
  [
    'recovery before reduction',
    { ...squeezeformer, time_reduce_idx: 1, time_recovery_idx: 0 },
    /time_recovery_idx is 0/,
  ],
  ['an unknown activation', conv({}, { activation: 'prelu' }), /encoder\.activation is "prelu"/],
  [
    'stride with dilation',
    conv({ stride: [2], dilation: [2], residual: false }),
    /jasper\.0 has stride 2 with dilation 2/,
  ],
  [
    'a residual of another length',
    conv({ stride: [2], residual_mode: 'add' }),
    /jasper\.0 has a residual of another length/,
  ],
  [
    'uneven padding without masks',
    conv({ future_context: 0, residual: false }, { conv_mask: false }),
    /future_context 0 without conv_mask/,
  ],
  [
    'groups that do not divide a width',
    conv({}, { normalization_mode: 'group', norm_groups: 7 }),
    /jasper\.0 has \d+ filters: norm_groups 7 must divide them/,
  ],
];

describe('refusals', () => {
  test.each(REFUSED)('%s is refused by name', (_, section, message) => {
    let thrown: unknown;
    try {
      readEncoderSpec(section as never);
    } catch (error) {
      thrown = error;
    }
    expect(isAsrError(thrown) && thrown.code).toBe('checkpoint-unsupported');
    expect((thrown as Error).message).toMatch(message);
  });

  test('attention the graph was not built for is refused', () => {
    const spec = readEncoderSpec(conformer) as ConformerSpec;
    expect(() => withAttentionModel(spec, { selfAttentionModel: 'abs_pos' })).toThrow(/trained with rel_pos/);
    expect(() => withAttentionModel(spec, { selfAttentionModel: 'rel_pos_local_attn' })).toThrow(
      /needs a context above 0/,
    );
    expect(() =>
      withAttentionModel(spec, { selfAttentionModel: 'rel_pos_local_attn', attContextSize: [8, 8], globalTokens: 1 }),
    ).toThrow(/without global tokens/);
  });
});

describe('what NeMo only says in code', () => {
  const blocksOf = (...changes: object[]) =>
    (readEncoderSpec({ ...conv({}), jasper: changes.map((change) => ({ ...block, ...change })) }) as ConvEncoderSpec)
      .blocks;

  test('even kernels become odd, and factors truncate first', () => {
    expect(blocksOf({ kernel: [10] }, { kernel: [11], kernel_size_factor: 0.6 }).map(({ kernel }) => kernel)).toEqual([
      11, 7,
    ]);
  });

  test('a residual mode stays until a block names another', () => {
    const residuals = blocksOf({ residual_mode: 'max' }, {}, { residual_mode: 'add' }, {}).map(
      ({ residual }) => residual,
    );
    expect(residuals).toEqual(['max', 'max', 'add', 'add']);
  });

  test('every repeat is strided unless stride_last says otherwise', () => {
    const strided = (last: boolean) => readEncoderSpec(conv({ stride: [2], stride_last: last, residual: false }));
    expect([encodedLength(strided(false), 100), encodedLength(strided(true), 100)]).toEqual([25, 50]);
    expect(frameFactor(strided(false))).toBe(2); // as NeMo counts
  });

  test('without conv_mask the length stays as long as the tensor allows', () => {
    const spec = readEncoderSpec(conv({ stride: [2], residual: false, repeat: 1 }, { conv_mask: false }));
    expect(seesPadding(spec)).toBe(true);
    expect(encodedLength(spec, 100, 101)).toBe(51);
    expect(encodedLength(spec, 20, 101)).toBe(20);
  });

  test('a null switch is off, as Python has it; an absent one has its default', () => {
    const off = { xscaling: null, use_bias: null, untie_biases: null };
    expect(readEncoderSpec({ ...conformer, ...off } as never)).toMatchObject({
      xscaling: false,
      useBias: false,
      untieBiases: false,
    });
    expect(readEncoderSpec(conformer)).toMatchObject({ xscaling: true, useBias: true, untieBiases: true });
    expect(readEncoderSpec(conv({ residual: false }, { conv_mask: null }))).toMatchObject({ convMask: false });
  });

  test('null subsampling means none, an absent key striding', () => {
    expect(encodedLength(readEncoderSpec({ ...conformer, subsampling: null } as never), 100)).toBe(100);
    expect(encodedLength(readEncoderSpec(conformer), 100)).toBe(25);
  });
});
