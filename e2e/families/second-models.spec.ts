/** Models beside a recognizer, on WebGPU as it is: Canary's aligner and voice detectors, against NeMo. */
import { expect } from '@playwright/test';
import { writeTar } from '../../src/archive/write-tar.ts';
import type { RecordedRun } from '../harness/harness.worker.ts';
import { alignedFiles } from '../support/aligned-archive.ts';
import { frameDifference, greatestDifference, hypothesisDifferences } from '../support/comparing.ts';
import { type GoldenHypothesis, TOLERANCE, openGolden } from '../support/golden.ts';
import { test } from '../support/harness-page.ts';

test('canary-aligned: the text of one model, the words and segments of the other', async ({ harness }) => {
  const golden = openGolden('canary-aligned');
  const [main, aligner] = ['main', 'aligner'].map((part) => openGolden(String(golden.json[part])));
  const archive = writeTar(await alignedFiles(main!.archive(), aligner!.archive()));
  await harness.call('open', new Uint8Array(await archive.arrayBuffer()), { device: 'webgpu' });
  const files = golden.inputs.map(({ name }) => `audio/${name}.wav`);
  await harness.call('transcribe', files.slice(0, 1), { timestamps: true }); // the aligner is opened, and compared with WASM
  await harness.call('record', ['encoder', 'decoder_step', 'ctc']);
  const { hypotheses, report } = await harness.call('transcribe', files, { timestamps: true });
  expect(report).toMatchObject({ device: 'webgpu', decoderDevice: 'webgpu', reason: 'WebGPU was asked for.' });
  const expected = golden.json['single'] as readonly GoldenHypothesis[];
  expect(
    hypotheses.flatMap((ours, input) => {
      const theirs = expected[input]!;
      return hypothesisDifferences(ours, { ...theirs, text: theirs.text.trim() }, `input ${input}`);
    }),
  ).toEqual([]);
  const runs = await harness.call('recorded');
  expect(devicesOf(runs)).toEqual(['webgpu']);
  // Only the aligner has a CTC head; it and its encoder saw every clip.
  const scores = runs.filter(({ graph }) => graph === 'ctc').map(({ outputs }) => outputs['log_probs']!.data);
  expect(scores).toHaveLength(files.length);
  expect(greatestDifference(scores[0]!, aligner!.logProbs(0).data)).toBeLessThan(TOLERANCE.logits);
});

test('marblenet-frame-vad beside a recognizer: scores of its frames, and the words of what it heard', async ({
  harness,
}) => {
  const [recognizer, detector] = [openGolden('fastconformer-ctc-bpe'), openGolden('marblenet-frame-vad')];
  await harness.call('open', 'families/fastconformer-ctc-bpe/model.nemo', { device: 'webgpu' });
  const vad = { checkpoint: 'families/marblenet-frame-vad/model.nemo', minDurationOn: 0.1 };
  const [clip] = detector.inputs;
  const files = [`audio/${clip!.name}.wav`];
  await harness.call('record', ['encoder', 'classification']);
  const { hypotheses, report } = await harness.call('transcribe', files, { long: 'pauses' }, vad);
  expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
  const spoken = recognizer.inputs.findIndex(({ name }) => name === clip!.name);
  expect(hypotheses[0]!.text).toBe(recognizer.transcripts('timestamps').single[spoken]!.text);
  const runs = behindSelfTest(await harness.call('recorded'));
  expect(devicesOf(runs)).toEqual(['webgpu']);
  const heard = runs.findLastIndex(({ graph }) => graph === 'classification');
  const frames = runs[heard - 1]!.outputs['encoded']!;
  expect(frameDifference(frames, detector.encoded(0), detector.encodedLength(0))).toBeLessThan(TOLERANCE.encoded);
});

test('marblenet-classification beside a recognizer: windows of a clip are scored as NeMo scores them', async ({
  harness,
}) => {
  const golden = openGolden('voice-activity');
  const { clip } = golden.json['windows'] as { clip: string };
  await harness.call('open', 'families/fastconformer-ctc-bpe/model.nemo', { device: 'webgpu' });
  const vad = { checkpoint: 'families/marblenet-classification/model.nemo' };
  await harness.call('record', ['classification']);
  await harness.call('transcribe', [`audio/${clip}.wav`], { long: 'pauses' }, vad);
  const theirs = golden.array('window_scores').data;
  const runs = behindSelfTest(await harness.call('recorded')).slice(-theirs.length);
  expect([devicesOf(runs), runs.length]).toEqual([['webgpu'], theirs.length]);
  const speech = runs.map(({ outputs }) => softmax([...outputs['scores']!.data])[1]!);
  expect(greatestDifference(Float32Array.from(speech), theirs)).toBeLessThan(TOLERANCE.logits);
});

/** A detector is opened by the call that needs it, and compared with WASM before it listens. */
function behindSelfTest(runs: readonly RecordedRun[]): readonly RecordedRun[] {
  return runs.slice(runs.findLastIndex(({ device }) => device === 'wasm') + 1);
}

function devicesOf(runs: readonly RecordedRun[]): string[] {
  return [...new Set(runs.map(({ device }) => device))];
}

function softmax(logits: readonly number[]): number[] {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
}
