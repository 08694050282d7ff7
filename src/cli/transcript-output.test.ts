/** `--format`, `--captions` and `--output-dir`: what is printed, what is written, and what is refused before a model is opened. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clipsOf, model, run, scratch } from '../../e2e/support/cli.ts';
import { openGolden } from '../../e2e/support/golden.ts';

const MODEL = model('hybrid-tdt-ctc');
const golden = openGolden('hybrid-tdt-ctc');
const [clip = '', other = ''] = clipsOf(golden);
const [text = '', otherText = ''] = golden.transcripts('greedy').single.map((single) => single.text);

async function transcribe(...argv: string[]): Promise<string> {
  const { out, err, status } = await run('transcribe', '--model', MODEL, ...argv);
  expect({ err, status }).toEqual({ err: '', status: 0 });
  return out;
}

test('one recording is printed in every format, and captions keep to the rules', async () => {
  const printed = (format: string, ...more: string[]) => transcribe('--format', format, ...more, clip);
  expect(await printed('txt')).toBe(`${text}\n`);
  expect(await printed('vtt')).toMatch(/^WEBVTT\n\n00:00:0\d\.\d{3} --> /);
  expect(await printed('vtt', '--word-times')).toMatch(/ <00:00:0\d\.\d{3}>\w/);
  expect(JSON.parse(await printed('json'))).toMatchObject({ task: 'transcribe', text });
  const lines = (await printed('srt', '--captions', '{"line_length": 16, "maxLines": 1}'))
    .split('\n')
    .filter((line) => /[a-z]/.test(line));
  expect(lines.join(' ')).toBe(text);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16);
});

test('a manifest becomes one CTM, one manifest with what was heard, or a file each', async () => {
  const manifest = scratch('formats.jsonl');
  const line = (path: string) => `${JSON.stringify({ audio_filepath: path, text: 'as said' })}\n`;
  writeFileSync(manifest, line(clip) + line(other));
  const heard = (await transcribe('--manifest', manifest, '--format', 'manifest')).trim().split('\n');
  expect(heard.map((row) => JSON.parse(row))).toMatchObject([
    { audio_filepath: clip, text: 'as said', pred_text: text },
    { audio_filepath: other, text: 'as said', pred_text: otherText },
  ]);
  const words = (await transcribe('--manifest', manifest, '--format', 'ctm')).trim().split('\n');
  expect(words.map((row) => row.split(' ')[4]).join(' ')).toBe(`${text} ${otherText}`);

  const folder = scratch('subtitles');
  expect(await transcribe('--manifest', manifest, '--format', 'srt', '--output-dir', folder)).toBe('');
  const files = readdirSync(folder);
  expect(files).toHaveLength(2);
  for (const file of files) expect(readFileSync(`${folder}/${file}`, 'utf8')).toMatch(/^1\n00:00:0/);
});

test.each([
  [['--format', 'srt', clip, other], /2 recordings are not one srt file: name a folder with --output-dir/],
  [['--format', 'doc', clip], /--format is 'doc'; it is one of txt, srt, vtt, ctm, json, manifest/],
  [['--format', 'srt', '--json', clip], /--format and --json are two ways to write/],
  [['--output-dir', scratch('none'), clip], /need a --format/],
  [['--format', 'srt', '--word-times', clip], /--word-times is for vtt/],
  [['--format', 'ctm', '--captions', '{}', clip], /--captions is for srt and vtt/],
  [['--format', 'srt', '--captions', '{"width": 3}', clip], /--captions has no width; it has lineLength, /],
  [['--format', 'srt', '--captions', '{"maxLines": 0}', clip], /maxLines is 0; it is a number from 1 on/],
  [['--format', 'srt', '--output-dir', scratch('twice'), clip, clip], /would both be \w+\.srt/],
])('%j is refused', async (argv, message) => {
  const { status, err } = await run('transcribe', ...argv);
  expect({ status, err }).toEqual({ status: 2, err: expect.stringMatching(message) });
});
