/** The commands beside `transcribe`, on tiny checkpoints made by NeMo. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clipsOf, json, model, run, scratch } from '../../e2e/support/cli.ts';
import { maxDifference, openGolden, TOLERANCE } from '../../e2e/support/golden.ts';
import { parseNpy } from '../../e2e/support/npz.ts';

const MODEL = model('hybrid-tdt-ctc');
const STREAMING = model('fastconformer-streaming-hybrid');
const golden = openGolden('hybrid-tdt-ctc');
const clips = clipsOf(golden);
const [clip = ''] = clips;

test('stream --json prints one line an update; committed only grows, and the last one is final', async () => {
  const { out, status } = await run(
    'stream',
    '--json',
    '--model',
    STREAMING,
    clipsOf(openGolden('fastconformer-streaming-hybrid'))[0] ?? '',
  );
  expect(status).toBe(0);
  const updates = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { time: number; committed: string; draft: string; isFinal: boolean });
  expect(updates.length).toBeGreaterThan(3);
  updates.forEach((update, index) => {
    expect(Object.keys(update)).toEqual(['time', 'committed', 'draft', 'isFinal']);
    expect(update.committed.startsWith(updates[index - 1]?.committed ?? '')).toBe(true);
    expect(update.isFinal).toBe(index === updates.length - 1);
  });
});

test('features writes the log-mel, and the encoder output, as NeMo gives them', async () => {
  for (const [extra, expected, length, tolerance] of [
    [[], golden.features(0), golden.featuresLength(0), TOLERANCE.features],
    [['--encoder'], golden.encoded(0), golden.encodedLength(0), TOLERANCE.encoded],
  ] as const) {
    const file = scratch('matrix.npy');
    await run('features', '--model', MODEL, clip, '--npy', file, ...extra);
    const { shape, data } = parseNpy(readFileSync(file));
    expect(shape).toEqual([expected.shape[0], length]);
    expect(maxDifference({ shape, data: data as Float32Array<ArrayBuffer> }, expected, length)).toBeLessThan(tolerance);
  }
});

test('wer counts what NeMo counts', async () => {
  const manifest = scratch('wer.jsonl');
  const texts = golden.transcripts('greedy').single.map(({ text }) => text);
  const references = [`${texts[0]} more`, texts[1] ?? '', 'nothing alike'];
  writeFileSync(
    manifest,
    clips.map((path, index) => `${JSON.stringify({ audio_filepath: path, text: references[index] })}\n`).join(''),
  );
  const report = await json<{ wer: number; words: Record<string, number>; rtfx: number; results: unknown[] }>(
    'wer',
    '--json',
    '--model',
    MODEL,
    manifest,
  );
  const numWords = (text = '') => text.trim().split(/\s+/).length;
  expect(report.words).toMatchObject({
    reference: numWords(references[0]) + numWords(references[1]) + 2,
    deletions: 1,
    substitutions: 2,
    insertions: numWords(texts[2]) - 2,
  });
  expect(report.wer).toBeCloseTo((1 + numWords(texts[2])) / (report.words['reference'] ?? 0), 12);
  expect(report.results).toHaveLength(3);
});

test('inspect tells class, size, tokenizer and streaming without running anything', async () => {
  const description = await json<Record<string, unknown>>('inspect', '--json', STREAMING);
  expect(description).toMatchObject({
    className: 'EncDecHybridRNNTCTCBPEModel',
    decoders: ['rnnt', 'ctc'],
    tokenizer: { kind: 'sentencepiece' },
    streaming: { cacheAware: true },
  });
  const { memory, parameters } = description as { memory: Record<string, number>; parameters: number };
  expect(memory['fp32']).toBe(4 * parameters);
  for (const precision of ['fp16', 'int8', 'int4']) expect(memory[precision]).toBeLessThan(2.6 * parameters);
  expect((await run('inspect', MODEL)).out.split('\n').length).toBeLessThan(24);
});

test('save writes an archive that gives the same text, and export-onnx every graph with its data', async () => {
  const saved = scratch('saved.nemo');
  expect((await run('save', MODEL, saved)).status).toBe(0);
  expect((await run('transcribe', '--model', saved, clip)).out).toBe(
    (await run('transcribe', '--model', MODEL, clip)).out,
  );

  for (const precision of ['fp32', 'int8']) {
    const folder = scratch(precision);
    expect((await run('export-onnx', '--precision', precision, MODEL, folder)).status).toBe(0);
    const notes = JSON.parse(readFileSync(join(folder, 'sotto.json'), 'utf8')) as {
      precision: string;
      graphs: Record<string, string[]>;
    };
    expect(notes.precision).toBe(precision);
    expect(Object.keys(notes.graphs)).toContain('encoder');
    for (const [name, files] of Object.entries(notes.graphs)) {
      for (const file of [`${name}.onnx`, ...files]) expect(readFileSync(join(folder, file)).length).toBeGreaterThan(0);
    }
  }
});

test('bench reports every stage', async () => {
  const report = await json<{ ms: Record<string, number>; load: number; peakMiB: number; text: string }>(
    'bench',
    '--json',
    '--runs',
    '1',
    '--model',
    MODEL,
    clip,
  );
  expect(Object.keys(report.ms)).toEqual(
    expect.arrayContaining(['decode', 'mel', 'encoder', 'predictor', 'joint', 'text']),
  );
  expect(report.text).toBe(golden.transcripts('greedy').single[0]?.text);
});
