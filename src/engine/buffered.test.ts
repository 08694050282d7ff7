/** Streaming with a full-context encoder: phrases settle at pauses, nothing is lost. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { loadModel } from './load.ts';
import type { StreamUpdate } from './options.ts';

test('two phrases with a pause between are each settled once, as transcribe hears them', async () => {
  const golden = openGolden('fastconformer-ctc-bpe');
  const model = await loadModel(
    { kind: 'file', file: golden.archive(), name: 'ctc.nemo' },
    { device: 'wasm', cache: false },
  );
  const [first, second] = golden.inputs as [(typeof golden.inputs)[number], (typeof golden.inputs)[number]];
  const silence = new Float32Array(16000 * 1.5);
  const updates: StreamUpdate[] = [];
  const stream = await model.openStream({ chunkSeconds: 0.5 }, (update) => updates.push(update));
  for (const part of [first.samples, silence, second.samples, silence]) {
    for (let from = 0; from < part.length; from += 4000) await stream.push(part.slice(from, from + 4000));
  }
  const { text, timestamp } = await stream.finish();
  const words = (value: string): number => value.split(' ').length;
  expect(words(text)).toBeGreaterThanOrEqual(words(first.text) + words(second.text) - 3);
  expect(updates.some((update) => !update.isFinal && update.committed !== '')).toBe(true);
  updates.reduce((previous, update) => {
    expect(update.committed.startsWith(previous)).toBe(true);
    return update.committed;
  }, '');
  const starts = (timestamp.word ?? []).map((word) => word.start);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
});
