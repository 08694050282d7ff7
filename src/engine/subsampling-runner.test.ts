/** The subsampling in chunks of time: the frames of one pass, whatever the chunks, the stages, the padding and the batch. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { MelFeatures } from '../audio/mel.ts';
import { attentionContexts, subsamplingSpec } from '../model/encoder.ts';
import { CHUNK_BYTES, checkChunkingFactor, firstStageBytes, subsamplingChunks } from '../model/subsampling-chunks.ts';
import type { LoadedModel } from './asr-model.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';
import { subsample } from './subsampling-runner.ts';

/** Stages, channels and padding of every kind. */
const CASES = [
  ['fastconformer-ctc-bpe', 'model.nemo'],
  ['conformer-ctc-char', 'model.nemo'],
  ['squeezeformer-ctc-bpe', 'model.nemo'],
  ['fastconformer-streaming-hybrid', 'model.nemo'],
] as const;
const FACTORS = [2, 6, 4096];
/** Sums of products in another order differ by so much. */
const ROUNDING = 1e-6;

async function open(name: string, archive: string): Promise<LoadedModel> {
  const file = openGolden(name).archive(archive);
  return (await loadModel({ kind: 'file', file, name: archive }, { device: 'wasm', cache: false })) as LoadedModel;
}

test.each(CASES)('%s: chunks of every number give the frames of one pass', async (name, archive) => {
  const model = await open(name, archive);
  const { sessions, spec } = model.parts;
  const subsampling = subsamplingSpec(spec.encoder)!;
  for (const lengths of [[1], [9], [64], [517], [1000, 613, 8, 1]]) {
    const clips = lengths.map((length, seed) => noise(subsampling.featIn, length, seed + 1));
    const masked = clips.length > 1;
    const run = async (factor: number): Promise<Float32Array> => {
      const batch = { clips, numFrames: lengths[0]!, padValue: 0, masked, takesMasks: masked, factor };
      return hostValues(await subsample(sessions, subsampling, batch));
    };
    const whole = await run(-1);
    const greatest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const factor of FACTORS) {
      const difference = greatestDifference(await run(factor), whole) / greatest;
      expect(difference, `${lengths} in ${factor} chunks`).toBeLessThanOrEqual(ROUNDING);
    }
  }
  await model.dispose();
});

test('the encoder runs in as many chunks as were asked for, and gives the same', async () => {
  const model = await open('fastconformer-ctc-bpe', 'model.nemo');
  const { encoder, spec } = model.parts;
  const encode = async (): Promise<Float32Array> =>
    hostValues(
      (await encoder.encode([noise(spec.encoder.featIn, 900, 1)], attentionContexts(spec.encoder)[0]!)).tensor,
    );
  const whole = await encode();
  model.changeSubsamplingConvChunkingFactor(8);
  expect(greatestDifference(await encode(), whole)).toBeLessThan(1e-5);
  await model.dispose();
});

test('by size a clip stays whole for half a minute of 256 channels, then goes in chunks that do not grow', () => {
  const shape = { subsampling: 'dw_striding', subsamplingFactor: 8, subsamplingChannels: 256, featIn: 80 } as const;
  const spec = { ...shape, causalDownsampling: false, dModel: 512, xscaling: false };
  const chunks = (seconds: number) => subsamplingChunks(spec, { numClips: 1, numFrames: 100 * seconds, factor: 1 });
  expect(chunks(30)).toHaveLength(1);
  for (const seconds of [300, 3600, 3 * 3600]) {
    expect(chunks(seconds).reduce((sum, { count }) => sum + count, 0)).toBe((100 * seconds) / 8);
    for (const { from, to } of chunks(seconds))
      expect(firstStageBytes(spec, to - from)).toBeLessThan(1.01 * CHUNK_BYTES);
  }
});

test("what NeMo's check takes is taken, and the rest is refused with what to do", async () => {
  for (const factor of [-1, 1, 2, 6, 64]) checkChunkingFactor(factor);
  for (const factor of [0, -2, 3, 1.5, Number.NaN])
    expect(() => checkChunkingFactor(factor)).toThrow(/should be -1 \(off\), 1 \(by size\) or a power of 2/);
});

function greatestDifference(ours: Float32Array, theirs: Float32Array): number {
  expect(ours.length).toBe(theirs.length);
  return ours.reduce((worst, value, at) => Math.max(worst, Math.abs(value - theirs[at]!)), 0);
}

/** Repeatable features. */
function noise(numFeatures: number, numFrames: number, seed: number): MelFeatures {
  let state = seed;
  const data = Float32Array.from({ length: numFeatures * numFrames }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 1.7;
  });
  return { data, numFeatures, numFrames };
}
