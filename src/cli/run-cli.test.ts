/** Whole command lines on a tiny checkpoint made by NeMo: what is printed, and the exit status. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { clipsOf, json, model, run, scratch } from '../../e2e/support/cli.ts';
import { openGolden } from '../../e2e/support/golden.ts';

const MODEL = model('hybrid-tdt-ctc');
const STREAMING = model('fastconformer-streaming-hybrid');
const CANARY = model('canary2-aed');
const RNNT = model('fastconformer-rnnt-bpe');
const AUDIO = new URL('../../e2e/fixtures/audio/', import.meta.url);
const golden = openGolden('hybrid-tdt-ctc');
const clips = clipsOf(golden);
const [clip = ''] = clips;

describe('exit status', () => {
  test.each([
    [['fly']],
    [['transcribe']],
    [['transcribe', clip, '--fly']],
    [['transcribe', clip, '--batch-size', '0']],
    [['transcribe', clip, '--long', 'short']],
    [['transcribe', clip, '--decoding', '{']],
    [['transcribe', clip, '--shard', '1/2']],
    [['transcribe', '--manifest', 'x', '--shard', '0/2']],
    [['features', clip, clip]],
    [['save', MODEL, 'out.zip']],
    [['save', MODEL, 'no/such/folder/out.nemo']],
    [['export-onnx', MODEL, join(MODEL, 'inside')]],
    [['inspect']],
  ])('2 for %j', async (argv) => {
    const { status, err, out } = await run(...argv);
    expect(status).toBe(2);
    expect(err).toMatch(/^sotto: .+ \[[a-z-]+\]\n$/);
    expect(out).toBe('');
  });

  test.each([
    ['checkpoint-not-found', ['inspect', 'no/such/file.nemo']],
    ['checkpoint-corrupt', ['inspect', fileURLToPath(import.meta.url)]],
    ['audio-undecodable', ['transcribe', '--model', MODEL, 'no-such.wav']],
    ['unsupported-option', ['transcribe', '--model', model('fastconformer-ctc-bpe'), '--decoder-type', 'rnnt', clip]],
    ['unsupported-option', ['stream', '--model', STREAMING, '--att-context-size', '[1, 1]', clip]],
    ['unsupported-option', ['transcribe', '--model', MODEL, '--prompt', '{"target_lang": "de"}', clip]],
    ['unsupported-option', ['transcribe', '--model', CANARY, '--prompt', '{"target_lang": "tlh"}', clip]],
    ['bad-manifest', ['wer', 'no-such.jsonl']],
  ])('3 and the code %s', async (code, argv) => {
    const { status, err } = await run(...argv);
    expect(err).toMatch(new RegExp(`^sotto: .+ \\[${code}\\]\\n$`));
    expect(status).toBe(3);
  });

  test('0 for help, which shows every option of a command', async () => {
    expect((await run('help')).status).toBe(0);
    const { status, out } = await run('transcribe', '--help');
    expect(status).toBe(0);
    for (const option of [
      'model',
      'device',
      'precision',
      'decoder-type',
      'decoding',
      'attention',
      'prompt',
      'batch-size',
      'long',
      'channel',
      'timestamps',
      'alignments',
      'manifest',
      'shard',
      'json-lines',
      'output',
    ]) {
      expect(out).toContain(`--${option}`);
    }
  });
});

type Row = {
  audio: string;
  duration: number;
  device: string;
  precision: string;
  seconds: { load: number; total: number };
  hypotheses: {
    text: string;
    ySequence: number[];
    alignments?: unknown;
    timestamp: { word?: { word: string; startOffset: number }[] };
  }[];
};

describe('transcribe', () => {
  test('--json gives an array with NeMo’s hypotheses, in the order of the arguments', async () => {
    const rows = await json<Row[]>('transcribe', '--json', '--timestamps', '--model', MODEL, ...clips);
    const expected = golden.transcripts('timestamps').batch;
    expect(rows.map(({ audio }) => audio)).toEqual(clips);
    rows.forEach((row, index) => {
      expect(Object.keys(row)).toEqual(['audio', 'duration', 'hypotheses', 'device', 'precision', 'seconds']);
      expect(row.hypotheses[0]?.text).toBe(expected[index]?.text);
      expect(row.hypotheses[0]?.ySequence).toEqual(expected[index]?.y_sequence);
      expect(row.duration).toBeCloseTo((golden.inputs[index]?.samples.length ?? 0) / 16000, 9);
      expect(row).toMatchObject({ device: 'wasm', precision: 'fp32' });
      expect(row.seconds.total).toBeGreaterThan(row.seconds.load);
    });
  });

  test('--decoder-type ctc takes the other head, and --alignments its log-probabilities as plain numbers', async () => {
    const [row] = await json<Row[]>(
      'transcribe',
      '--json',
      '--alignments',
      '--decoder-type',
      'ctc',
      '--model',
      MODEL,
      clip,
    );
    expect(row?.hypotheses[0]?.text).toBe(golden.transcripts('ctc.greedy').single[0]?.text);
    expect(JSON.stringify(row?.hypotheses[0]?.alignments)).toMatch(/\[-\d/);
  });

  test.each(['fp16', 'int8', 'int4'])(
    '--precision %s gives the same text, and the JSON tells it',
    async (precision) => {
      const [row] = await json<Row[]>('transcribe', '--json', '--precision', precision, '--model', MODEL, clip);
      expect(row?.precision).toBe(precision);
      expect(row?.hypotheses[0]?.text).toBe(golden.transcripts('greedy').single[0]?.text);
    },
  );

  test('without --json prints the text, with the name when there are several', async () => {
    const texts = golden.transcripts('greedy').single.map(({ text }) => text.trim());
    expect((await run('transcribe', '--model', MODEL, clip)).out).toBe(`${texts[0]}\n`);
    expect((await run('transcribe', '--model', MODEL, ...clips)).out).toBe(
      clips.map((path, index) => `${path}\t${texts[index]}\n`).join(''),
    );
  });

  test('a manifest in shards, stopped and started again, gives every line once', async () => {
    const manifest = scratch('all.jsonl');
    writeFileSync(manifest, clips.map((path) => `${JSON.stringify({ audio_filepath: path })}\n`).join(''));
    const lines = async (...argv: string[]) =>
      (await run('transcribe', '--model', MODEL, '--manifest', manifest, ...argv)).out;
    const whole = (await lines('--json-lines'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Row).hypotheses);
    expect(whole).toHaveLength(clips.length);

    const output = scratch('out.jsonl');
    await lines('--shard', '2/2', '--output', output);
    expect(readFileSync(output, 'utf8').trim().split('\n')).toHaveLength(1);
    await lines('--output', output);
    await lines('--output', output);
    const rows = readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(clips.map((path) => rows.find(({ audio }) => audio === path)?.hypotheses)).toEqual(whole);
    expect(rows).toHaveLength(clips.length);
  });

  test('a bad recording of a manifest is told, the others are done, and the status is 3', async () => {
    const manifest = scratch('bad.jsonl');
    writeFileSync(manifest, `{"audio_filepath": "gone.wav"}\n${JSON.stringify({ audio_filepath: clip })}\n`);
    const { status, out, err } = await run('transcribe', '--model', MODEL, '--manifest', manifest, '--json-lines');
    expect(status).toBe(3);
    expect(err).toMatch(/^sotto: gone\.wav: .+ \[audio-undecodable\]\nsotto: 1 of 2 .+ \[bad-manifest\]\n$/);
    expect(out.trim().split('\n')).toHaveLength(1);
  });

  test('prompt slots come from --prompt, and from manifest lines, which win', async () => {
    const text = async (...argv: string[]) => (await run('transcribe', '--model', CANARY, ...argv)).out;
    const german = await text('--prompt', '{"source_lang": "en", "target_lang": "de"}', clip);
    const english = await text(clip);
    expect(german).not.toBe(english);

    const manifest = scratch('canary.jsonl');
    const line = { audio_filepath: clip, source_lang: 'en' };
    writeFileSync(manifest, [{ ...line, target_lang: 'de' }, line].map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(await text('--manifest', manifest, '--prompt', '{"target_lang": "en"}')).toBe(
      `${clip}\t${german}${clip}\t${english}`,
    );
  });

  test('boosted phrases of a manifest line are for that line alone', async () => {
    const manifest = scratch('boosted.jsonl');
    const line = { audio_filepath: fileURLToPath(new URL('forty.wav', AUDIO)) };
    const boosting_model_cfg = { key_phrases_list: ['number fifty'], context_score: 3 };
    const rows = [line, { ...line, biasing_request: { boosting_model_cfg, boosting_model_alpha: 1.5 } }];
    writeFileSync(manifest, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const decoding = JSON.stringify({ strategy: 'greedy_batch', greedy: { enable_per_stream_biasing: true } });
    const { out } = await run('transcribe', '--model', RNNT, '--manifest', manifest, '--decoding', decoding);
    expect(out.split('\n').map((row) => row.split('\t')[1])).toEqual([
      'number two forty',
      'number fifty forty',
      undefined,
    ]);
  });

  test('an offset and a duration stand for that part of the file', async () => {
    const manifest = scratch('part.jsonl');
    writeFileSync(manifest, `${JSON.stringify({ audio_filepath: clip, offset: 0.25, duration: 0.5 })}\n`);
    const [row] = await json<Row[]>('transcribe', '--json', '--model', MODEL, '--manifest', manifest);
    expect(row).toMatchObject({ offset: 0.25, duration: 0.5 });
  });
});
