/** Local attention over blocks: the numbers of attention over all frames under the same window, at a cost that grows with the length. */
import { expect, test } from 'vitest';
import { EncoderSession } from '../../e2e/support/encoder-session.ts';
import { TOLERANCE, maxDifference, openGolden } from '../../e2e/support/golden.ts';
import type { NpyArray } from '../../e2e/support/npz.ts';
import { attentionBlocks, blockFeeds } from './attention-blocks.ts';
import { blockMask } from './attention-mask.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { encoderFeeds, encoderPositions } from './encoder.ts';

const golden = openGolden('fastconformer-local-attn');
const open = (archive: string, masked: boolean) => EncoderSession.open(golden.archive(archive), { masked });

/** Attention over all frames that sees no more than the window: one block. */
function dense(spec: ConformerSpec, context: ContextSize): ConformerSpec {
  return { ...spec, attention: 'rel_pos', contextStyle: 'regular', contexts: [context] };
}

test.each([
  ['model.nemo', [40, 40]],
  ['separate.nemo', [9, 9]],
  ['global.nemo', [3, 3]],
])('%s in blocks of context %j gives the numbers of one block, alone and in a batch', async (archive, context) => {
  const session = await open(archive, true);
  const spec = { ...(session.spec as ConformerSpec), attention: 'rel_pos_local_attn', contexts: [context] } as const;
  const columns = 2400;
  const lengths = [columns, 1303];
  expect(attentionBlocks(spec, context, columns / 8).count).toBeGreaterThan(2);

  const alone = await session.encode(noise(1, columns), [columns], spec);
  const [expected] = await session.encode(noise(1, columns), [columns], dense(spec, context));
  expect(difference(alone[0]!, expected!)).toBeLessThan(TOLERANCE.encoded / 10);

  const both = await session.encode(noise(2, columns), lengths, spec);
  const wanted = await session.encode(noise(2, columns), lengths, dense(spec, context));
  both.forEach((clip, index) => expect(difference(clip, wanted[index]!)).toBeLessThan(TOLERANCE.encoded / 10));
});

test('a quarter of an hour fits in one pass, whose scores over all frames would be 2 GB', async () => {
  const session = await open('model.nemo', false);
  const columns = 15 * 60 * 100;
  const [encoded] = await session.encode(noise(1, columns), [columns]);
  expect(encoded!.shape).toEqual([24, columns / 8]);
  expect(encoded!.data.every(Number.isFinite)).toBe(true);
});

test.each([true, false])('what is fed grows with the length, not with its square (masked: %s)', async (masked) => {
  const { spec } = await open('model.nemo', masked);
  const context = (spec as ConformerSpec).contexts[0]!;
  const values = (seconds: number): number => {
    const numFrames = seconds * 100;
    const feeds = encoderFeeds(spec, { lengths: [numFrames], numFrames, context }, { masked });
    const positions = encoderPositions(spec, numFrames, context).map(({ rows }) => rows);
    return [...Object.values(feeds).map(({ data }) => data.length), ...positions].reduce((sum, size) => sum + size);
  };
  expect(values(8 * 60) / values(60)).toBeLessThan(8.1);
});

test('a side without a limit, full attention and a clip within one window are one block', () => {
  const spec = { attention: 'rel_pos_local_attn' } as ConformerSpec;
  const whole = { count: 1, size: 900, left: 0, span: 900 };
  expect(attentionBlocks(spec, [-1, 8], 900)).toEqual(whole);
  expect(attentionBlocks(spec, [8, -1], 900)).toEqual(whole);
  expect(attentionBlocks(spec, [300, 300], 900)).toEqual(whole);
  expect(attentionBlocks({ ...spec, attention: 'rel_pos' }, [8, 8], 900)).toEqual(whole);
  expect(attentionBlocks(spec, [20, 8], 900)).toEqual({ count: 45, size: 20, left: 20, span: 48 });
  expect(attentionBlocks(spec, [0, 12], 100)).toEqual({ count: 7, size: 16, left: 0, span: 28 });
});

test('every frame sees its window, each key once, and nothing behind its clip', () => {
  const spec = { attention: 'rel_pos_local_attn' } as ConformerSpec;
  const [left, right, frames, valid] = [5, 2, 70, 61];
  const blocks = attentionBlocks(spec, [left, right], frames);
  const mask = new Float32Array(blocks.count * blocks.size * blocks.span);
  blockMask(spec, [left, right], blocks, valid, mask);
  const keys = blockFeeds(blocks, frames, '')['key_frames']!.data;
  for (let frame = 0; frame < frames; frame++) {
    const block = Math.floor(frame / blocks.size);
    const seen = Array.from(keys.subarray(block * blocks.span, (block + 1) * blocks.span)).filter(
      (_, column) => mask[frame * blocks.span + column] === 0,
    );
    const first = Math.max(0, frame - left);
    const last = Math.min(valid - 1, frame + right);
    expect(seen).toEqual(Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index));
  }
});

function difference(actual: NpyArray<Float32Array>, expected: NpyArray<Float32Array>): number {
  expect(actual.shape).toEqual(expected.shape);
  return maxDifference(actual, expected, expected.shape[1]!);
}

/** Repeatable features [batch, 80, columns]. */
function noise(batch: number, columns: number): NpyArray<Float32Array> {
  let state = 1;
  const data = Float32Array.from({ length: batch * 80 * columns }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 1.7;
  });
  return { shape: [batch, 80, columns], data };
}
