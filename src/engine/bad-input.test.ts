/** What people really drop: broken, foreign and odd files end in one typed error that says what to do, and never in a hang. */
import { expect, test } from 'vitest';
import { changedArchive } from '../../e2e/support/changed-archive.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import { writeTar } from '../archive/write-tar.ts';
import { encodeWav } from '../audio/wav.ts';
import type { WeightRef } from '../base/files.ts';
import { loadModel } from './load.ts';

const golden = openGolden('fastconformer-ctc-bpe');
const load = (file: Blob, expectedClass?: string) =>
  loadModel(
    { kind: 'file', file, name: 'some.nemo' },
    { device: 'wasm', cache: false, ...(expectedClass ? { expectedClass } : {}) },
  );

const NAME = 'encoder.layers.0.feed_forward1.linear1.weight';

test('random bytes and other people’s files are no checkpoint', async () => {
  await expect(load(new Blob([new Uint8Array(5000).map((_, index) => (index * 7919) % 251)]))).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
  });
  await expect(load(new Blob(['hello']))).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
  await expect(load(writeTar(new Map([['readme.txt', new Blob(['hi'])]])))).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringContaining('model_config.yaml'),
  });
});

test('a checkpoint cut anywhere is corrupt', async () => {
  const whole = golden.archive();
  for (const share of [0.0005, 0.01, 0.2, 0.5, 0.7, 0.9, 0.97]) {
    await expect(load(whole.slice(0, Math.floor(whole.size * share)))).rejects.toMatchObject({
      code: 'checkpoint-corrupt',
    });
  }
});

test('configurations that cannot run name key and value', async () => {
  const unknownClass = await changedArchive(golden.archive(), {
    config: (yaml) => yaml.replace(/^target: .*$/m, 'target: nemo.collections.tts.models.FastPitchModel'),
  });
  await expect(load(unknownClass)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringContaining('FastPitchModel'),
  });
  const unknownOption = await changedArchive(golden.archive(), {
    config: (yaml) => yaml.replace('self_attention_model: rel_pos', 'self_attention_model: telepathy'),
  });
  await expect(load(unknownOption)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(/self_attention_model.*telepathy/),
  });
});

test('a tensor missing, extra or of another shape is named', async () => {
  const missing = await changedArchive(golden.archive(), { weights: (weights) => weights.delete(NAME) });
  await expect(load(missing)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringContaining(NAME),
  });
  const extra = await changedArchive(golden.archive(), {
    weights: (weights) => weights.set('encoder.surprise', weights.get(NAME) as WeightRef),
  });
  await expect(load(extra)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringContaining('encoder.surprise'),
  });
  const reshaped = await changedArchive(golden.archive(), {
    weights: (weights) => weights.set(NAME, weights.get('encoder.layers.0.norm_out.weight') as WeightRef),
  });
  await expect(load(reshaped)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringContaining(NAME),
  });
});

test('the wrong class names both', async () => {
  await expect(load(golden.archive(), 'EncDecRNNTBPEModel')).rejects.toMatchObject({
    code: 'wrong-class',
    message: expect.stringMatching(/EncDecCTCModelBPE.*EncDecRNNTBPEModel/),
  });
});

test('odd recordings: an error or NeMo’s answer, and the model goes on', async () => {
  const model = await load(golden.archive());
  await expect(model.transcribe([new Blob([])])).rejects.toMatchObject({ code: 'audio-empty' });
  await expect(model.transcribe([new Blob(['no sound in here, only words'])])).rejects.toMatchObject({
    code: 'audio-undecodable',
  });
  await expect(model.transcribe([encodeWav(new Float32Array(0), 16000)])).rejects.toMatchObject({
    code: 'audio-empty',
  });
  for (const numSamples of [1, 159]) {
    const [result] = await model.transcribe([encodeWav(new Float32Array(numSamples), 16000)]);
    expect(result?.hypothesis.text).toBe('');
  }
  const results = await model.transcribe([
    encodeWav(new Float32Array(160), 16000),
    new Float32Array(0),
    encodeWav(new Float32Array(32000), 16000),
  ]);
  expect(results).toHaveLength(3);
  const [good] = await model.transcribe([golden.inputs[0]?.file as Blob]);
  expect(good?.hypothesis.text).toBe(golden.transcripts('greedy').single[0]?.text);
});

test('a cancelled transcription stops, and the model goes on', async () => {
  const model = await load(golden.archive());
  await expect(
    model.transcribe([golden.inputs[0]?.file as Blob], { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  await expect(model.transcribe([golden.inputs[0]?.file as Blob])).resolves.toHaveLength(1);
  await model.dispose();
  await expect(model.transcribe([new Float32Array(16000)])).rejects.toMatchObject({ code: 'disposed' });
});
