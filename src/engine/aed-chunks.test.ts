/** Long recordings of an attention decoder in overlapping chunks, against NeMo's `transcribe` (case `canary-aligned`; WASM, Node). */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { openArchive } from '../archive/open-archive.ts';
import { writeTar } from '../archive/write-tar.ts';
import { encodeWav } from '../audio/wav.ts';
import { mergeChunk } from '../decoding/lcs-merge.ts';
import { overlappingChunks } from './aed-chunks.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';

const golden = openGolden('canary-aligned');
const main = openGolden('canary-bpe');
const aligner = openGolden(String(golden.json['aligner']));

async function load(withAligner: boolean): Promise<LoadedModel> {
  const inner = [...(await openArchive(aligner.archive()))].map(
    ([name, file]) => [/^model_/.test(name) ? name.replace('model_', 'timestamps_asr_model_') : name, file] as const,
  );
  const files = new Map([...(await openArchive(main.archive())), ...(withAligner ? inner : [])]);
  const source = { kind: 'file', file: writeTar(files), name: 'aligned.nemo' } as const;
  return (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
}

function toTokens(ids: readonly number[]): { readonly token: number }[] {
  return ids.map((token) => ({ token }));
}

function toIds(tokens: readonly { readonly token: number }[]): number[] {
  return tokens.map(({ token }) => token);
}

/** Samples that are their own numbers, as far as float32 has them. */
async function* blocksOf(total: number): AsyncGenerator<Float32Array> {
  const size = 50_021;
  for (let at = 0; at < total; at += size)
    yield Float32Array.from({ length: Math.min(size, total - at) }, (_, index) => at + index);
}

function recording(seconds: number): Blob {
  return encodeWav(recordingSamples(seconds), 16_000);
}

/** The clips in turn. */
function recordingSamples(seconds: number): Float32Array {
  const samples = new Float32Array(seconds * 16_000);
  for (let index = 0, at = 0; at < samples.length; index++) {
    const clip = golden.inputs[index % 3]!.samples.subarray(0, samples.length - at);
    samples.set(clip, at);
    at += clip.length;
  }
  return samples;
}

test('a checkpoint with a model for its timestamps reads a long recording in chunks by itself', async () => {
  const model = await load(true);
  const [short] = await model.transcribe([recording(39)]);
  expect(short!.long).toBe('full');
  const [plain] = await model.transcribe([recording(95)]);
  expect([plain!.long, plain!.duration]).toEqual(['buffered', 95]);
  const whole = recordingSamples(95);
  const parts = await model.transcribe([0, 32, 64].map((start) => whole.slice(start * 16_000, (start + 33) * 16_000)));
  const merged = parts
    .map(({ hypothesis }) => toTokens(hypothesis.ySequence))
    .reduce((before, chunk) => mergeChunk(before, chunk, 12));
  expect(plain!.hypothesis.ySequence).toEqual(toIds(merged));

  const [timed] = await model.transcribe([recording(95)], { timestamps: true });
  const { word = [], segment = [] } = timed!.hypothesis.timestamp;
  expect(word.map(({ word: text }) => text).join(' ')).toBe(timed!.hypothesis.text.trim());
  expect(segment.map((stamp) => stamp.segment).join(' ')).toBe(timed!.hypothesis.text.trim());
  const starts = word.map(({ start }) => start);
  expect([...starts].sort((a, b) => a - b)).toEqual(starts);
  await model.dispose();
}, 120_000);

test('a checkpoint without one takes chunks where it is asked to, without timestamps', async () => {
  const model = await load(false);
  const [asked] = await model.transcribe([recording(50)], { long: 'buffered', buffered: { method: 'lcs' } });
  expect(asked!.long).toBe('buffered');
  expect((await model.transcribe([recording(50)]))[0]!.long).toBe('pauses');
  const refused = [
    [{ buffered: { method: 'lcs' }, timestamps: true }, 'timestamps'],
    [{ buffered: { method: 'middle' } }, 'method "lcs"'],
    [{ buffered: { method: 'lcs', chunkSeconds: 20 } }, 'method "lcs"'],
  ] as const;
  for (const [options, message] of refused)
    await expect(model.transcribe([recording(50)], { long: 'buffered', ...options })).rejects.toThrow(message);
  await model.dispose();
}, 120_000);

test.each(Object.entries(golden.json['chunks'] as Record<string, [number, number][]>))(
  'a recording of %d samples is cut where NeMo cuts it',
  async (length, expected) => {
    const total = Number(length);
    const ours: [number, number][] = [];
    for await (const { start, samples } of overlappingChunks(blocksOf(total), { total, sampleRate: 16_000 }))
      ours.push([start, samples.length]);
    expect(ours).toEqual(expected);
  },
);

test('chunks are merged as NeMo merges them', () => {
  const examples = golden.json['merges'] as { chunks: number[][]; merged: number[] }[];
  for (const { chunks, merged } of examples)
    expect(toIds(chunks.map(toTokens).reduce((before, chunk) => mergeChunk(before, chunk, 12)))).toEqual(merged);
});

test('chunks overlap by a second, hours do not, and all of it is read', async () => {
  const total = Math.round(2.51 * 3600 * 100);
  let end = 0;
  let isLast = false;
  for await (const chunk of overlappingChunks(blocksOf(total), { total, sampleRate: 100 })) {
    expect(chunk.start).toBe(chunk.overlaps ? end - 100 : end);
    expect(chunk.samples[0]).toBe(chunk.start);
    end = chunk.start + chunk.samples.length;
    expect(chunk.samples.at(-1)).toBe(end - 1);
    isLast = chunk.isLast;
  }
  expect([end, isLast]).toEqual([total, true]);
});
