/** Encoders on WebGPU that no recognizer of the table has (every other option of NeMo's constructors), and classifiers, against NeMo. */
import { expect } from '@playwright/test';
import type { RecordedRun } from '../harness/harness.worker.ts';
import { frameDifference, greatestDifference } from '../support/comparing.ts';
import { TOLERANCE, openGolden } from '../support/golden.ts';
import { type HarnessPage, test } from '../support/harness-page.ts';

type Variant = { readonly raises?: string; readonly encoded_length: readonly number[] };

/** A second clip of another length, so that a batch has padding. */
const SHORTER = 18_000;

for (const name of ['conformer-variants', 'conv-variants']) {
  const golden = openGolden(name);
  for (const [variant, { raises, encoded_length: lengths }] of Object.entries(
    golden.json['variants'] as Record<string, Variant>,
  )) {
    if (raises) continue; // NeMo cannot make it
    test(`${name}/${variant}: a clip alone and in a batch`, async ({ harness }) => {
      const [clip] = golden.inputs;
      const shorter = clip!.samples.slice(0, SHORTER);
      const runs = await framesOf(harness, `families/${name}/${variant}.nemo`, [
        [clip!.samples],
        [shorter],
        [clip!.samples, shorter],
      ]);
      const theirs = golden.array(`${variant}.single.encoded`);
      const length = Math.min(lengths[0]!, theirs.shape[1]!);
      const [alone, shorterAlone, ...batch] = runs.map(({ outputs }) => outputs['encoded']!);
      expect(frameDifference(alone!, theirs, length)).toBeLessThan(TOLERANCE.encoded);
      // Encoders that see padding take the clips of a batch one by one.
      const [first, second] = batch.length === 2 ? batch : [batch[0], batch[0]];
      expect(frameDifference(first!, theirs, length)).toBeLessThan(TOLERANCE.encoded);
      const [, frames = 0, size = 0] = shorterAlone!.dims;
      const row = first === second ? first!.data.subarray(first!.data.length / 2) : second!.data;
      expect(greatestDifference(row, shorterAlone!.data.subarray(0, frames * size))).toBeLessThan(TOLERANCE.encoded);
    });
  }
}

for (const name of ['marblenet-classification', 'marblenet-mfcc'])
  test(`${name}: frames, scores, labels`, async ({ harness }) => {
    const golden = openGolden(name);
    const labels = golden.json['labels'] as string[];
    const answers = golden.json['transcribe'] as [number][];
    await harness.call('open', `families/${name}/model.nemo`, { device: 'webgpu' });
    await harness.call('record', ['encoder', 'classification']);
    const files = golden.inputs.map((input) => `audio/${input.name}.wav`);
    const { hypotheses, report } = await harness.call('transcribe', files, {});
    expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
    expect(hypotheses.map(({ text }) => text)).toEqual(answers.map(([answer]) => labels[answer]));
    const runs = await harness.call('recorded');
    golden.inputs.forEach((_, input) => {
      const [encoder, head] = runs.slice(2 * input, 2 * input + 2);
      const frames = encoder!.outputs['encoded']!;
      expect([encoder!.device, head!.device, frames.location]).toEqual(['webgpu', 'webgpu', 'gpu-buffer']);
      expect(frameDifference(frames, golden.encoded(input), golden.encodedLength(input))).toBeLessThan(
        TOLERANCE.encoded,
      );
      const logits = golden.array(`single.${input}.logits`).data;
      expect(greatestDifference(head!.outputs['scores']!.data, logits)).toBeLessThan(TOLERANCE.logits);
    });
  });

test('marblenet-frame-vad: frames, and the probability of speech in each', async ({ harness }) => {
  const golden = openGolden('marblenet-frame-vad');
  await harness.call('open', 'families/marblenet-frame-vad/model.nemo', { device: 'webgpu' });
  await harness.call('record', ['encoder']);
  const files = golden.inputs.map(({ name }) => `audio/${name}.wav`);
  const { hypotheses, report } = await harness.call('transcribe', files, { timestamps: true });
  expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
  const runs = await harness.call('recorded');
  hypotheses.forEach(({ frameScores }, input) => {
    const frames = runs[input]!.outputs['encoded']!;
    expect(frameDifference(frames, golden.encoded(input), golden.encodedLength(input))).toBeLessThan(TOLERANCE.encoded);
    const { values, numClasses } = frameScores!;
    const speech = values.filter((_, index) => index % numClasses === 1);
    expect(speech).toHaveLength(golden.encodedLength(input));
    const theirs = golden.array(`single.${input}.speech_probability`).data.subarray(0, speech.length);
    expect(greatestDifference(speech, theirs)).toBeLessThan(TOLERANCE.logits);
  });
});

/** Runs of the encoder over groups of clips, all on the GPU. */
async function framesOf(
  harness: HarnessPage,
  path: string,
  groups: readonly (readonly Float32Array[])[],
): Promise<readonly RecordedRun[]> {
  await harness.call('open', path, { device: 'webgpu' });
  await harness.call('record', ['encoder', 'encoder_masked']);
  for (const clips of groups) await harness.call('transcribe', clips, {});
  const runs = await harness.call('recorded');
  for (const { device, outputs } of runs)
    expect([device, outputs['encoded']?.location]).toEqual(['webgpu', 'gpu-buffer']);
  return runs;
}
