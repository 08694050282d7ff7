/** Which encoders stream step by step, and how far their steps look. */
import { expect, test } from 'vitest';
import { type ConformerSpec, readConformerSpec } from './conformer-spec.ts';
import type { ModelSpec } from './spec.ts';
import { isCacheAware, streamableContexts, streamingPlan } from './streaming-spec.ts';

const causal = {
  feat_in: 80,
  n_layers: 3,
  d_model: 16,
  subsampling: 'dw_striding',
  subsampling_factor: 8,
  att_context_size: [
    [8, 3],
    [8, 0],
  ],
  att_context_style: 'chunked_limited',
  conv_context_size: 'causal',
};
const modelOf = (encoder: ConformerSpec, normalize: unknown = 'none') =>
  ({ encoder, mel: { normalize } }) as unknown as ModelSpec;

test.each([
  ['a reduction', { reduction: 'pooling', reduction_factor: 2, reduction_position: 1 }],
  ['a convolution that looks ahead', { conv_context_size: null }],
  ['absolute positions', { self_attention_model: 'abs_pos' }],
  ['nothing subsampled', { subsampling: null }],
  ['everything seen', { att_context_size: [-1, -1], att_context_style: 'regular' }],
])('%s does not stream step by step', (_, changes) => {
  expect(isCacheAware(modelOf(readConformerSpec(causal)))).toBe(true);
  expect(isCacheAware(modelOf(readConformerSpec({ ...causal, ...changes })))).toBe(false);
});

test('a whole utterance to normalise does not stream step by step', () => {
  expect(isCacheAware(modelOf(readConformerSpec(causal), 'per_feature'))).toBe(false);
});

test('chunks bring what they see, and layers that look ahead by themselves get all of it again', () => {
  const chunked = readConformerSpec(causal);
  expect(streamingPlan(chunked, [8, 3])).toMatchObject({ firstChunk: 25, chunk: 32, lookAhead: 0, cachedFrames: 8 });
  const regular = readConformerSpec({ ...causal, att_context_size: [8, 2], att_context_style: 'regular' });
  expect(streamableContexts(modelOf(regular))).toEqual([[8, 2]]);
  expect(streamingPlan(regular, [8, 2])).toMatchObject({ lookAhead: 6, firstChunk: 1 + 8 * 11, chunk: 8 * 12 });
});
