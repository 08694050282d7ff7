/** Segments through the layers: what every frame depends on lies within its segment, however long the clip. */
import { expect, test } from 'vitest';
import type { ConformerSpec } from './conformer-spec.ts';
import { layerBytes } from './encoder-memory.ts';
import { columnsOf, encoderSegments, reachOf } from './encoder-segments.ts';
import { preEncodedFrames } from './pre-encode.ts';
import { readEncoderSpec } from './spec.ts';

const config = {
  _target_: 'x.ConformerEncoder',
  feat_in: 80,
  n_layers: 17,
  d_model: 512,
  n_heads: 8,
  subsampling: 'dw_striding',
  subsampling_factor: 8,
  subsampling_conv_channels: 256,
  conv_kernel_size: 9,
};
const read = (change: object): ConformerSpec => readEncoderSpec({ ...config, ...change }) as ConformerSpec;
const local = read({ self_attention_model: 'rel_pos_local_attn', att_context_size: [128, 128] });

test('hours make segments that do not grow, each with the reach of all layers around what is kept', () => {
  const { left, right } = reachOf(local, [128, 128])!;
  expect([left, right]).toEqual([17 * 132, 17 * 132]);
  for (const frames of [45_000, 135_001]) {
    const segments = encoderSegments(local, [128, 128], frames);
    let next = 0;
    for (const { from, to, skip, count } of segments) {
      expect(from + skip).toBe(next);
      next += count;
      expect(from === 0 || skip >= left).toBe(true);
      expect(to === frames || to - next >= right).toBe(true);
      expect(layerBytes(local, [128, 128], to - from)).toBeLessThan(1.25 * 2 ** 30);
    }
    expect(next).toBe(frames);
    const work = segments.reduce((sum, { from, to }) => sum + to - from, 0);
    expect(work / frames).toBeLessThan(2);
  }
});

test('what fits is one segment, and so is what sees everything', () => {
  const whole = (frames: number) => [{ from: 0, to: frames, skip: 0, count: frames }];
  expect(encoderSegments(local, [128, 128], 5000)).toEqual(whole(5000));
  const everything: readonly [object, readonly number[]][] = [
    [{}, [-1, -1]],
    [{ att_context_size: [-1, 5] }, [-1, 5]],
    [{ att_context_size: [5, 5], conv_norm_type: 'instance_norm' }, [5, 5]],
    [{ att_context_size: [5, 5], reduction: 'pooling', reduction_factor: 2, reduction_position: 3 }, [5, 5]],
    [{ self_attention_model: 'rel_pos_local_attn', att_context_size: [5, 5], global_tokens: 1 }, [5, 5]],
  ];
  for (const [change, context] of everything)
    expect(encoderSegments(read(change), context, 1e6), JSON.stringify(change)).toEqual(whole(1e6));
});

test('chunks of a cache-aware encoder are never cut, and see to the start of their left context', () => {
  const change = { att_context_size: [70, 13], att_context_style: 'chunked_limited', conv_context_size: 'causal' };
  const spec = read({ ...change, causal_downsampling: true });
  expect(reachOf(spec, [70, 13])).toEqual({ left: 17 * (83 + 8), right: 17 * 13, alignment: 14 });
  for (const { from } of encoderSegments(spec, [70, 13], 200_000)) expect(from % 14).toBe(0);
  for (const frames of [1, 2, 777]) expect(preEncodedFrames(spec, columnsOf(spec, frames))).toBe(frames);
});
