/** Classifiers and ASR-TTS hybrids on the command line. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { run } from '../../e2e/support/cli.ts';

const FIXTURES = fileURLToPath(new URL('../../e2e/fixtures/', import.meta.url));
const CLIP = join(FIXTURES, 'audio/morning.wav');
const CLASSIFIER = join(FIXTURES, 'families/marblenet-classification/model.nemo');
const DETECTOR = join(FIXTURES, 'families/marblenet-frame-vad/model.nemo');
const HYBRID = join(FIXTURES, 'families/asr-with-tts/fused.nemo');

const folder = mkdtempSync(join(tmpdir(), 'sotto-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a clip classifier prints its label, and with --json the scores', async () => {
  expect(await run('transcribe', CLIP, '--model', CLASSIFIER)).toMatchObject({ status: 0, out: 'speech\n' });
  const { out } = await run('transcribe', CLIP, '--model', CLASSIFIER, '--json');
  const [{ hypotheses }] = JSON.parse(out) as [{ hypotheses: [{ labels: { label: string; score: number }[] }] }];
  expect(hypotheses[0].labels.map(({ label }) => label)).toEqual(['background', 'speech']);
});

test('a voice detector prints its stretches with --timestamps, and frames with --json', async () => {
  const { out } = await run('transcribe', CLIP, '--model', DETECTOR, '--timestamps');
  for (const line of out.trim().split('\n')) expect(line).toMatch(/^\d+\.\d\d\t\d+\.\d\d\t[01]$/);
  const { out: json } = await run('transcribe', CLIP, '--model', DETECTOR, '--json');
  const [{ hypotheses }] = JSON.parse(json) as [
    { hypotheses: [{ frameScores: { values: number[]; numFrames: number; numClasses: number } }] },
  ];
  const { values, numFrames, numClasses } = hypotheses[0].frameScores;
  expect(values).toHaveLength(numFrames * numClasses);
});

test('what needs a recognizer says so', async () => {
  for (const argv of [
    ['stream', CLIP, '--model', DETECTOR],
    ['transcribe', CLIP, '--model', DETECTOR, '--decoder-type', 'ctc'],
    ['save', CLASSIFIER, join(folder, 'out.nemo'), '--asr-model'],
  ]) {
    const { status, err } = await run(...argv);
    expect([status, err]).toEqual([3, expect.stringContaining('[unsupported-option]')]);
  }
});

test('save --asr-model takes the recognizer out of an ASR-TTS hybrid', async () => {
  const saved = join(folder, 'recognizer.nemo');
  expect((await run('save', HYBRID, saved, '--asr-model')).status).toBe(0);
  expect((await run('inspect', saved)).out).toContain('EncDecCTCModelBPE');
  expect((await run('transcribe', CLIP, '--model', saved)).out).toBe(
    (await run('transcribe', CLIP, '--model', HYBRID)).out,
  );
});

test('a voice detector helps a recognizer: --vad on transcribe and stream', async () => {
  const model = join(FIXTURES, 'families/fastconformer-ctc-bpe/model.nemo');
  const args = ['--model', model, '--vad', DETECTOR, '--vad-options', '{"min_duration_on": 0.2}'];
  const plain = await run('transcribe', CLIP, '--model', model);
  expect(await run('transcribe', CLIP, ...args)).toEqual(plain);
  const stream = await run('stream', CLIP, ...args, '--json');
  expect(JSON.parse(stream.out.trim().split('\n').at(-1)!)).toMatchObject({ isFinal: true });
  expect(await run('transcribe', CLIP, ...args.slice(0, 4), '--vad-options', '{"loudness": 1}')).toMatchObject({
    status: 3,
    err: expect.stringContaining('minDurationOff'),
  });
  expect(await run('transcribe', CLIP, '--vad-options', '{}')).toMatchObject({ status: 2 });
});
