/** MarbleNet checkpoints as voice detectors of a recognizer: NeMo's scores, windows cut where nobody speaks, phrases settled at pauses (WASM, Node). */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import type { LoadedClassifier } from './loaded-classifier.ts';
import type { StreamUpdate } from './options.ts';
import { VoiceDetector } from './voice-detector.ts';

const RATE = 16_000;
const ON_WASM = { device: 'wasm', cache: false } as const;
const sourceOf = (name: string): CheckpointSource => ({
  kind: 'file',
  file: openGolden(name).archive(),
  name: `${name}.nemo`,
});
const FRAMES = { checkpoint: sourceOf('marblenet-frame-vad'), minDurationOn: 0.2, minDurationOff: 0.4 };

const recognizer = openGolden('fastconformer-ctc-bpe');
const [first, second] = [recognizer.inputs[0]!, recognizer.inputs[2]!];

/** The two clips in a room where nobody else speaks. */
function recording(seconds: number, [at, then]: readonly [number, number]): Float32Array {
  const samples = Float32Array.from({ length: seconds * RATE }, (_, index) => 3e-4 * Math.sin(index * index));
  samples.set(first.samples, at * RATE);
  samples.set(second.samples, then * RATE);
  return samples;
}

test('frames and clips have the scores NeMo gives them', async () => {
  const frames = openGolden('marblenet-frame-vad');
  const byFrame = new VoiceDetector((await loadModel(sourceOf(frames.name), ON_WASM)) as LoadedClassifier, {});
  const ours = await byFrame.score(frames.inputs[0]!.samples, RATE);
  expect(ours.frameSeconds).toBeCloseTo(0.02, 9);
  expectClose(ours.values, frames.array('single.0.speech_probability').data);

  const windows = openGolden('voice-activity');
  const { clip } = windows.json['windows'] as { clip: string };
  const byClip = new VoiceDetector(
    (await loadModel(sourceOf('marblenet-classification'), ON_WASM)) as LoadedClassifier,
    {},
  );
  const scores = await byClip.score(openInput(clip).samples, RATE);
  expect(scores.frameSeconds).toBe(0.08);
  expectClose(scores.values, windows.array('window_scores').data);
});

test('a long recording is cut where the detector hears nobody, and silence is not decoded', async () => {
  const model = (await loadModel(sourceOf(recognizer.name), ON_WASM)) as LoadedModel;
  const [heard] = await model.transcribe([recording(80, [2, 50])], { long: 'pauses', vad: FRAMES, timestamps: true });
  expect(heard!.long).toBe('pauses');
  // A window ends in the middle of the gap, and the one that holds nothing else is left out: an overfitted model would find words in it.
  const starts = heard!.hypothesis.timestamp.word!.map(({ start }) => start);
  expect(starts.filter((start) => start < 23).length).toBeGreaterThan(0);
  expect(starts.filter((start) => start > 43).length).toBeGreaterThan(0);
  expect(starts.filter((start) => start > 23 && start < 43)).toEqual([]);
  const [nobody] = await model.transcribe([new Float32Array(80 * RATE)], { long: 'pauses', vad: FRAMES });
  expect(nobody!.hypothesis.text).toBe('');
  expect(nobody!.duration).toBe(80);
  await model.dispose();
});

test('a stream settles phrases when the detector hears nobody any more, and decodes nothing before', async () => {
  const model = (await loadModel(sourceOf(recognizer.name), ON_WASM)) as LoadedModel;
  const updates: StreamUpdate[] = [];
  const stream = await model.openStream({ vad: FRAMES, chunkSeconds: 1 }, (update) => updates.push(update));
  const samples = recording(13, [2, 7]);
  for (let from = 0; from < samples.length; from += RATE / 10)
    await stream.push(samples.subarray(from, from + RATE / 10));
  const { text } = await stream.finish();
  for (const { time, draft, committed } of updates) if (time < 2) expect(committed + draft).toBe('');
  const settled = updates.find(({ committed }) => committed !== '')!;
  expect(settled.time).toBeLessThan(7);
  expect(text.startsWith(settled.committed)).toBe(true);
  expect(text.split(' ').length).toBeGreaterThan(settled.committed.split(' ').length);
  await model.dispose();
});

test('what is no voice detector is refused, and so is a detector where nothing is cut', async () => {
  const model = (await loadModel(sourceOf(recognizer.name), ON_WASM)) as LoadedModel;
  const ask = (checkpoint: CheckpointSource, long?: 'full') =>
    model.transcribe([first.samples], { vad: { checkpoint }, ...(long ? { long } : {}) });
  await expect(ask(sourceOf('fastconformer-ctc-bpe'))).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringMatching(/EncDecCTCModelBPE.*EncDecFrameClassificationModel/),
  });
  await expect(ask(sourceOf('marblenet-frame-vad'), 'full')).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('"auto" and "pauses"'),
  });
});

function expectClose(ours: Float32Array, theirs: Float32Array): void {
  expect(ours.length).toBe(theirs.length);
  ours.forEach((value, index) => expect(Math.abs(value - theirs[index]!)).toBeLessThan(TOLERANCE.logits));
}
