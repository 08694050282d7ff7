/** NeMo manifests as they are and as they break, and results that a second run goes on with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ManifestError, readManifest, shardOf } from './manifest.ts';
import { ResultFile } from './result-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-manifest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('readManifest', () => {
  test('resolves paths against the manifest and keeps them as written', () => {
    const path = write(
      'a.jsonl',
      '{"audio_filepath": "x/1.wav", "text": "hi", "duration": 2.5}\n\n{"audio_filepath": "/abs.wav", "offset": 1}\n',
    );
    expect(readManifest(path)).toEqual([
      { audio: 'x/1.wav', path: join(folder, 'x/1.wav'), duration: 2.5, text: 'hi' },
      { audio: '/abs.wav', path: '/abs.wav', offset: 1 },
    ]);
  });

  test.each([
    ['not json', /^line 2 of .* is not JSON/],
    ['[1]', /line 2 .* is not a JSON object/],
    ['{"text": "x"}', /line 2 .* has no audio_filepath/],
    ['{"audio_filepath": "a", "offset": -1}', /line 2 .* offset -1/],
    ['{"audio_filepath": "a", "text": 3}', /line 2 .* text/],
    ['{"audio_filepath": "a", "biasing_request": ["b"]}', /line 2 .* biasing_request/],
  ])('names the line of %s', (line, message) => {
    expect(() => readManifest(write('bad.jsonl', `{"audio_filepath": "a"}\n${line}\n`))).toThrow(message);
  });

  test('refuses an empty and a missing manifest', () => {
    expect(() => readManifest(write('empty.jsonl', '\n'))).toThrow(ManifestError);
    expect(() => readManifest(join(folder, 'none.jsonl'))).toThrow(ManifestError);
  });
});

test('shards of any number put together are the whole', () => {
  const entries = Array.from({ length: 7 }, (_, index) => ({ audio: `${index}`, path: `${index}` }));
  for (const count of [1, 2, 3, 7, 9]) {
    const shards = Array.from({ length: count }, (_, index) => shardOf(entries, { index: index + 1, count }));
    expect(shards.flat().sort((a, b) => a.audio.localeCompare(b.audio))).toEqual(entries);
  }
});

describe('ResultFile', () => {
  const entries = ['a', 'b', 'a'].map((audio) => ({ audio, path: audio }));

  test('leaves out what is there, as often as it is there', () => {
    const path = write('r.jsonl', '{"audio": "a"}\n');
    expect(new ResultFile(path).missing(entries).map(({ audio }) => audio)).toEqual(['b', 'a']);
  });

  test('tells parts of one file apart by their offset', () => {
    const path = write('o.jsonl', '{"audio": "a", "offset": 1}\n');
    const parts = [1, 2].map((offset) => ({ audio: 'a', path: 'a', offset }));
    expect(new ResultFile(path).missing(parts)).toEqual([parts[1]]);
  });

  test('cuts off half a line that a killed run has left', () => {
    const path = write('half.jsonl', '{"audio": "a"}\n{"audio": "b", "dura');
    const file = new ResultFile(path);
    expect(file.missing(entries).map(({ audio }) => audio)).toEqual(['b', 'a']);
    file.append('{"audio": "b"}');
    expect(readFileSync(path, 'utf8')).toBe('{"audio": "a"}\n{"audio": "b"}\n');
  });

  test('reads results of any length', () => {
    const long = JSON.stringify({ audio: 'a', text: 'ü'.repeat(1_500_000) });
    const file = new ResultFile(write('long.jsonl', `${long}\n{"audio": "b"}\n${long}\n`));
    expect(file.missing([...entries, ...entries]).length).toBe(2 * entries.length - 3);
  });

  test('refuses a file that holds something else', () => {
    expect(() => new ResultFile(write('text.txt', 'my notes\n'))).toThrow(/line 1 .* no result of sotto/);
  });
});
