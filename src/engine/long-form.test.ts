/** Buffered inference of a long recording against NeMo's classes and scripts (case `long-form`). */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Golden, goldenFolder, openGolden } from '../../e2e/support/golden.ts';
import { lcsMerge } from '../decoding/lcs-merge.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import type { BufferedOptions } from './options.ts';

const golden: Golden = openGolden('long-form');
const file = new Blob([readFileSync(new URL('long.wav', goldenFolder('long-form')))]);
type Expected = { text: string; merged_ids?: number[]; ids?: number[]; timestamp?: number[]; score?: number };
const results = golden.json['results'] as Record<string, Expected>;

const models = new Map<string, LoadedModel>();
beforeAll(async () => {
  for (const head of ['ctc', 'rnnt', 'tdt']) {
    const source = { kind: 'file', file: golden.archive(`${head}.nemo`), name: `${head}.nemo` } as const;
    models.set(head, (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel);
  }
}, 60_000);

async function transcribe(head: string, buffered: BufferedOptions) {
  const [result] = await models.get(head)!.transcribe([file], { long: 'buffered', buffered, timestamps: true });
  return result!;
}

describe('overlapping buffers', () => {
  // NeMo's CTC class reads nothing where chunk and buffer are equal (README of the oracle): there Sotto does as the RNNT class does.
  const cases = ['ctc', 'rnnt', 'tdt', 'rnnt.lcs']
    .flatMap((name) => [[name, 1.6, 4] as const, [name, 4, 6.4] as const, [name, 8, 8] as const])
    .filter(([name, chunk]) => !(name === 'ctc' && chunk === 8));

  test.each(cases)('%s, chunk %d s of a buffer of %d s: the ids and the text of NeMo', async (name, chunk, buffer) => {
    const [head = '', lcs] = name.split('.');
    const expected = results[`${name}.chunk${chunk.toFixed(1)}-buffer${buffer.toFixed(1)}`]!;
    const { hypothesis, long } = await transcribe(head, {
      method: lcs ? 'lcs' : 'middle',
      chunkSeconds: chunk,
      bufferSeconds: buffer,
    });
    expect(long).toBe('buffered');
    if (expected.merged_ids) expect(hypothesis.ySequence).toEqual(expected.merged_ids);
    expect(hypothesis.text).toBe(tidied(expected.text));
    expectInside(hypothesis.timestamp.timestep, hypothesis.length);
  });
});

describe('chunks between their neighbours', () => {
  const cases = ['rnnt', 'tdt'].flatMap((head) => [
    [head, 10, 2, 2] as const,
    [head, 4, 2, 1] as const,
    [head, 10, 10, 5] as const,
  ]);

  test.each(cases)('%s with %d-%d-%d s: ids, frames, score and text of NeMo', async (head, left, chunk, right) => {
    const key = `streaming.${head}.${[left, chunk, right].map((seconds) => seconds.toFixed(1)).join('-')}`;
    const expected = results[key]!;
    const { hypothesis } = await transcribe(head, {
      method: 'context',
      leftSeconds: left,
      chunkSeconds: chunk,
      rightSeconds: right,
    });
    expect(hypothesis.ySequence).toEqual(expected.ids);
    expect(hypothesis.timestamp.timestep).toEqual(expected.timestamp);
    expect(hypothesis.text).toBe(tidied(expected.text));
    expect(Math.abs(hypothesis.score - (expected.score ?? 0))).toBeLessThan(0.001 * hypothesis.ySequence.length);
  });

  test('CTC with context around the whole recording reads what it reads in one piece', async () => {
    const { hypothesis } = await transcribe('ctc', {
      method: 'context',
      leftSeconds: 0,
      chunkSeconds: 30,
      rightSeconds: 0,
    });
    expect(hypothesis.text).toBe(results['whole.ctc']!.text);
  });
});

test.each(['ctc', 'rnnt', 'tdt'])('%s with local attention [32, 32] reads what NeMo reads', async (head) => {
  const model = models.get(head)!;
  model.changeAttentionModel({ selfAttentionModel: 'rel_pos_local_attn', attContextSize: [32, 32] });
  try {
    const [result] = await model.transcribe([file], { long: 'full' });
    expect(result?.hypothesis.text).toBe(results[`local_attention_32_32.${head}`]!.text);
    expect(result?.long).toBe('full');
  } finally {
    model.changeAttentionModel({ selfAttentionModel: 'rel_pos' });
  }
});

test('a long recording is read by Canary in windows of 40 s, joined by spaces', async () => {
  const canary = openGolden('canary2-aed');
  const source = { kind: 'file', file: canary.archive(), name: 'canary.nemo' } as const;
  const model = (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
  const clip = canary.inputs[0]!.samples;
  const samples = Float32Array.from({ length: 90 * 16000 }, (_, index) => clip[index % (20 * 16000)] ?? 0);
  const [whole] = await model.transcribe([samples], { long: 'buffered' });
  const parts = await model.transcribe(
    [0, 40, 80].map((second) => samples.slice(second * 16000, (second + 40) * 16000)),
  );
  expect(whole!.hypothesis.text).toBe(parts.map(({ hypothesis }) => hypothesis.text.trim()).join(' '));
  const [auto] = await model.transcribe([samples]);
  expect(auto!.long).toBe('pauses');
  expect((await model.transcribe([clip]))[0]!.long).toBe('full');
});

test('overlapping sequences are joined as NeMo joins them', () => {
  const tokens = (ids: readonly number[]) => ids.map((token) => ({ token }));
  const examples = golden.json['lcs_merge'] as {
    x: number[];
    y: number[];
    lcs_alignment_merge_buffer_delay_4: number[];
  }[];
  for (const { x, y, lcs_alignment_merge_buffer_delay_4: expected } of examples)
    expect(lcsMerge(tokens(x), tokens(y), 4 * 5).map(({ token }) => token)).toEqual(expected);
});

test.each([
  [{ method: 'lcs' } as const, 'CTC has "middle"'],
  [{ chunkSeconds: 0.01 }, 'encoder frame'],
  [{ chunkSeconds: 5, bufferSeconds: 4 }, 'bufferSeconds'],
])('%j is refused', async (buffered, message) => {
  await expect(transcribe('ctc', buffered)).rejects.toThrow(message);
});

test('alignments of overlapping buffers are refused', async () => {
  const asked = models.get('ctc')!.transcribe([file], { long: 'buffered', returnAlignments: true });
  await expect(asked).rejects.toThrow('"full" and "pauses" have them');
});

/** NeMo's scripts leave out what its transcribe() does to the text at the end: it drops a space before punctuation. */
function tidied(text: string): string {
  return text.replace(/\s([.,?!])/g, '$1');
}

function expectInside(frames: readonly number[], length: number): void {
  expect([...frames].sort((a, b) => a - b)).toEqual(frames);
  expect(frames.every((frame) => frame >= 0 && frame < length)).toBe(true);
}
