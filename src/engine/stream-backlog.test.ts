/** A stream that has fallen behind: minutes that come at once, and a cancel with much still waiting. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import { openStream } from './streaming.ts';

const RATE = 16_000;
const golden = openGolden('fastconformer-ctc-bpe');

/** The model, and the seconds of every piece it was asked to transcribe. */
async function openWatched(): Promise<{ watched: LoadedModel; seconds: number[] }> {
  const source = { kind: 'file', file: golden.archive(), name: 'model.nemo' } as const;
  const model = (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
  const seconds: number[] = [];
  const transcribe: LoadedModel['transcribe'] = (audio, options) => {
    seconds.push((audio[0] as Float32Array).length / RATE);
    return model.transcribe(audio, options);
  };
  return { watched: Object.create(model, { transcribe: { value: transcribe } }), seconds };
}

/** Somebody who makes no pause. */
function spoken(seconds: number): Float32Array {
  const { samples } = golden.inputs[0]!;
  return Float32Array.from({ length: seconds * RATE }, (_, index) => samples[index % samples.length] as number);
}

test('minutes that come at once are decoded in pieces, and none is lost', async () => {
  const { watched, seconds } = await openWatched();
  const stream = await openStream(watched, {}, () => {});
  await stream.push(spoken(65));
  const { text } = await stream.finish();
  expect(Math.max(...seconds)).toBeLessThanOrEqual(40);
  expect(text.split(' ').length).toBeGreaterThan(65);
}, 120_000);

test('a cancelled stream does not decode what still waits', async () => {
  const { watched, seconds } = await openWatched();
  const stream = await openStream(watched, {}, () => {});
  const pushes = Array.from({ length: 12 }, () => stream.push(spoken(1)));
  await pushes[0];
  await stream.cancel();
  await Promise.all(pushes);
  expect(seconds.length).toBeLessThan(5);
});
