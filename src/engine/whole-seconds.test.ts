import { expect, test } from 'vitest';
import { readEncoderSpec } from '../model/spec.ts';
import { wholeSeconds } from './whole-seconds.ts';

const conformer = { _target_: 'x.ConformerEncoder', feat_in: 80, n_layers: 2, d_model: 1024, n_heads: 8 };
const large = readEncoderSpec({
  ...conformer,
  subsampling: 'dw_striding',
  subsampling_factor: 8,
  subsampling_conv_channels: 256,
});
const slow = readEncoderSpec({ ...conformer, subsampling: 'striding', subsampling_factor: 4 });
const conv = readEncoderSpec({
  _target_: 'x.ConvASREncoder',
  feat_in: 64,
  activation: 'relu',
  jasper: [{ filters: 8, repeat: 1, kernel: [9], stride: [1], dilation: [1], residual: false }],
});
const budget = {
  context: [-1, -1],
  chunkingFactor: 1,
  numParameters: 115e6,
  precision: 'fp32',
  frameRate: 100,
  maxSeconds: 120,
  deviceMemory: 8,
} as const;

test('what fits stays whole as long as it may', () => {
  expect(wholeSeconds({ ...budget, encoder: large })).toBe(120);
  expect(wholeSeconds({ ...budget, encoder: slow })).toBe(120);
  expect(wholeSeconds({ ...budget, encoder: conv, deviceMemory: 1 })).toBe(120);
  expect(wholeSeconds({ ...budget, encoder: large, maxSeconds: 40 })).toBe(40);
});

test('weights, frames and a small device leave less', () => {
  const big = { ...budget, numParameters: 600e6 };
  expect(wholeSeconds({ ...big, encoder: large })).toBe(120);
  expect(wholeSeconds({ ...big, encoder: slow })).toBeLessThan(80);
  expect(wholeSeconds({ ...big, encoder: slow })).toBeGreaterThan(60);
  expect(wholeSeconds({ ...big, encoder: slow, precision: 'int8' })).toBe(120);
  expect(wholeSeconds({ ...budget, encoder: slow, deviceMemory: 2 })).toBeLessThan(60);
});

test('never less than a window, nor more than asked', () => {
  expect(wholeSeconds({ ...budget, numParameters: 2e9, encoder: slow })).toBe(30);
  expect(wholeSeconds({ ...budget, numParameters: 2e9, encoder: slow, maxSeconds: 20 })).toBe(20);
});

test('local attention fits where full attention does not, and chunks of the subsampling where it does not whole', () => {
  const wide = readEncoderSpec({ ...conformer, subsampling: 'striding', subsampling_factor: 4, n_heads: 16 });
  const local = { ...wide, attention: 'rel_pos_local_attn', contexts: [[64, 64]] } as typeof wide;
  const longer = { ...budget, numParameters: 400e6, maxSeconds: 400 };
  expect(wholeSeconds({ ...longer, encoder: wide })).toBeLessThan(120);
  expect(wholeSeconds({ ...longer, encoder: local, context: [64, 64] })).toBe(400);
  const unchunked = { ...longer, encoder: local, context: [64, 64], chunkingFactor: -1 };
  expect(wholeSeconds(unchunked)).toBeLessThan(120);
});
