import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Hypothesis } from '../base/hypothesis.ts';
import { toCtm } from './ctm.ts';
import { toManifestLine } from './manifest-line.ts';
import { toText } from './plain-text.ts';
import { lineText, widthOf } from './caption-words.ts';
import { DEFAULT_CAPTIONS } from './caption-profile.ts';
import { toCues } from './captions.ts';
import { toSrt, toVtt } from './subtitles.ts';
import { toJson, toVerboseJson } from './verbose-json.ts';

type TimedWord = readonly [word: string, start: number, end: number];

function hypothesisOf(words: readonly TimedWord[]): Hypothesis {
  const word = words.map(([text, start, end]) => ({
    word: text,
    start,
    end,
    startOffset: Math.round(start * 10),
    endOffset: Math.round(end * 10),
  }));
  return {
    text: words.map(([text]) => text).join(' '),
    score: -2,
    ySequence: [1, 2],
    tokens: ['a', 'b'],
    timestamp: { timestep: [], word },
    length: 10,
  };
}

function speak(text: string, secondsAWord = 0.3, from = 0): TimedWord[] {
  return text.split(' ').map((word, i) => [word, from + i * secondsAWord, from + (i + 0.8) * secondsAWord]);
}

describe('captions', () => {
  const text =
    'The quick brown fox jumps over the lazy dog. It was, however, not amused by 42 000 such jumps and went to New York.';

  test('break at sentences and clauses, never inside a number or a name, and leave no orphan', () => {
    const cues = toCues(hypothesisOf(speak(text))).map((cue) => cue.lines.map(lineText));
    expect(cues[0]!.join(' ')).toBe('The quick brown fox jumps over the lazy dog.');
    const lines = cues.flat();
    expect(lines.some((line) => line.endsWith(' 42') || line.endsWith(' New'))).toBe(false);
    expect(lines.join(' ')).toBe(text);
  });

  test('a cue that is too fast is extended into the silence, else reported', () => {
    const fast = speak('some astonishingly quickly pronounced words', 0.1);
    expect(toCues(hypothesisOf(fast))[0]).toMatchObject({ isTooFast: false, end: 2150 });
    const crowded = [...fast, ...speak('followed immediately by considerably more of them', 0.1, 0.5)];
    expect(toCues(hypothesisOf(crowded), { lineLength: 22 }).some((cue) => cue.isTooFast)).toBe(true);
  });

  test('limits that nothing fits are refused', () => {
    for (const limits of [{ lineLength: 0 }, { maxLines: Number.NaN }, { hold: -1 }, { width: 3 }])
      expect(() => toCues(hypothesisOf(speak('überlang genug')), limits)).toThrow(
        expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(/^captions(:| has no)/) }),
      );
  });

  test('short gaps are closed, long ones are left', () => {
    const cues = toCues(
      hypothesisOf([
        ...speak('One sentence here.'),
        ...speak('Then another one.', 0.3, 1.4),
        ...speak('And later.', 0.3, 9),
      ]),
    );
    expect(cues.map(({ start, end }) => [start, end])).toEqual([
      [0, 1317],
      [1400, 2540],
      [9000, 9840],
    ]);
  });

  test('any words, in any time, give cues in order that fit and hold every word', () => {
    const timedWord = fc.tuple(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 3, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(timedWord, { maxLength: 40 }), (drawn) => {
        let now = 0;
        const words = drawn.map(([word, pause, length]): TimedWord => {
          const start = now + pause;
          now = start + length;
          return [word, start, now];
        });
        const cues = toCues(hypothesisOf(words));
        let previous = 0;
        for (const { start, end, lines } of cues) {
          expect(start).toBeGreaterThanOrEqual(previous);
          expect(end).toBeGreaterThan(start);
          previous = end;
          expect(lines.length).toBeLessThanOrEqual(DEFAULT_CAPTIONS.maxLines);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(DEFAULT_CAPTIONS.lineLength);
        }
        const visible = (text: string) => text.replace(/[\s\p{Cc}\u0085\u202a-\u202e\u2066-\u2069]/gu, '');
        expect(visible(cues.map((cue) => cue.lines.map(lineText).join('')).join(''))).toBe(
          visible(words.map(([word]) => word).join('')),
        );
      }),
      { numRuns: 100 },
    );
  });
});

test('SRT numbers its cues, alters arrows and keeps no blank line inside a cue', () => {
  expect(
    toSrt(
      hypothesisOf([
        ['a-->b\n\nc', 0, 1],
        ['d.', 359_999, 360_000],
      ]),
    ),
  ).toBe('1\n00:00:00,000 --> 00:00:01,300\na→b c\n\n2\n99:59:59,000 --> 100:00:00,300\nd.\n');
  expect(toSrt(hypothesisOf([['a', 0, 1]]), { forOldPlayers: true })).toMatch(/^\ufeff1\r\n/);
  expect(toSrt(hypothesisOf([]))).toBe('');
});

test('VTT escapes markup and times words strictly inside their cue', () => {
  const words: TimedWord[] = [
    ['<i>', 0, 0.5],
    ['a&b', 0.5, 1],
    ['c', 0.5, 1.2],
  ];
  expect(toVtt(hypothesisOf(words), { wordTimes: true, note: 'Made by Sotto -->\nautomatic' })).toBe(
    'WEBVTT\n\nNOTE Made by Sotto → automatic\n\n00:00:00.000 --> 00:00:01.500\n&lt;i&gt; <00:00:00.500>a&amp;b c\n',
  );
});

test('exports that need timestamps say so', () => {
  const plain: Hypothesis = { ...hypothesisOf([]), text: 'hello', timestamp: { timestep: [] } };
  for (const write of [toSrt, toVtt, (hypothesis: Hypothesis) => toCtm(hypothesis, { file: 'a' })])
    expect(() => write(plain)).toThrow(/timestamps: true/);
});

test('CTM has one line a word and no blank inside a field', () => {
  const hypothesis = {
    ...hypothesisOf([
      ['New\nYork', 0.5, 1],
      ['', 1, 1],
      ['x', 1, 1.25],
    ]),
    wordConfidence: [0.5, 1, 0.25],
  };
  expect(toCtm(hypothesis, { file: '/recordings/my talk.wav' })).toBe(
    'my_talk 1 0.500 0.500 New_York 0.5000\nmy_talk 1 1.000 0.250 x 0.2500\n',
  );
});

test('words that were not heard (-1, as an alignment says) stand where the word before them ends', () => {
  const hypothesis = hypothesisOf([
    ['one', 1, 2],
    ['two', -1, -1],
    ['three', 3, 4],
    ['four', 5, 4.5],
  ]);
  expect(toCtm(hypothesis, { file: 'a' })).toBe(
    'a 1 1.000 1.000 one\na 1 2.000 0.000 two\na 1 3.000 1.000 three\na 1 5.000 0.000 four\n',
  );
  expect(toSrt(hypothesis)).toMatch(/^1\n00:00:01,000 --> /);
});

test('odd transcripts: one word, a word longer than a cue, right to left, nothing', () => {
  expect(toSrt(hypothesisOf([['Yes.', 0.2, 0.4]]))).toBe('1\n00:00:00,200 --> 00:00:01,033\nYes.\n');
  const long = 'x'.repeat(300);
  const cues = toSrt(hypothesisOf([[long, 0, 8]])).split('\n\n');
  expect(cues.flatMap((cue) => cue.trim().split('\n').slice(2)).join('')).toBe(long);
  expect(cues.flatMap((cue) => cue.split('\n')).every((line) => line.length <= 42)).toBe(true);
  const arabic = 'مرحبا بكم في المؤتمر';
  expect(toVtt(hypothesisOf(speak(arabic)))).toContain(arabic);
  expect(toCtm(hypothesisOf(speak(arabic)), { file: 'a' }).split('\n')).toHaveLength(5);
  expect(toSrt(hypothesisOf([]))).toBe('');
  expect(toVtt(hypothesisOf([]))).toBe('WEBVTT\n');
  expect(toCtm(hypothesisOf([]), { file: 'a' })).toBe('');
  const hours = toSrt(hypothesisOf([['late', 360_000.5, 360_001]]));
  expect(hours).toContain('100:00:00,500 --> 100:00:01,333');
});

test('a manifest line has the names that NeMo writes', () => {
  const hypothesis = { ...hypothesisOf([['hi', 0.5, 1]]), wordConfidence: [0.75] };
  const line = toManifestLine(hypothesis, { audioFilepath: 'a.wav', duration: 2, text: 'high' });
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line)).toMatchObject({
    audio_filepath: 'a.wav',
    duration: 2,
    text: 'high',
    pred_text: 'hi',
    word: [{ word: 'hi', start: 0.5, end: 1, start_offset: expect.any(Number), end_offset: expect.any(Number) }],
    word_confidence: [0.75],
  });
  const plain = toManifestLine({ ...hypothesis, timestamp: { timestep: [] } }, { audioFilepath: 'a.wav' });
  expect(Object.keys(JSON.parse(plain) as object)).toEqual(['audio_filepath', 'pred_text', 'word_confidence']);
});

test('paragraphs end at a sentence before a long pause, and long ones at the best sentence end', () => {
  expect(toText(hypothesisOf([...speak('One. Two.'), ...speak('Three.', 0.3, 5)]))).toBe('One. Two.\n\nThree.');
  const sentence = 'and so it goes on and on without any end in sight.';
  const long = hypothesisOf(speak(new Array(40).fill(sentence).join(' ')));
  const paragraphs = toText(long).split('\n\n');
  expect(paragraphs.every((paragraph) => paragraph.length < 960 && paragraph.endsWith('.'))).toBe(true);
  expect(paragraphs.join(' ')).toBe(long.text);
});

test('verbose JSON gives each segment its tokens', () => {
  const stamp = { startOffset: 0, endOffset: 1, start: 0, end: 0.08 };
  const hypothesis: Hypothesis = {
    text: 'so my. yes',
    score: -6,
    ySequence: [7, 8, 9, 5],
    tokens: ['▁so', '▁my', '.', '▁yes'],
    timestamp: {
      timestep: [0, 1, 2, 3],
      char: ['so', 'my', '.', 'yes'].map((char) => ({ char: [char], ...stamp })),
      word: ['so', 'my.', 'yes'].map((word) => ({ word, ...stamp })),
      segment: ['so my.', 'yes'].map((segment) => ({ segment, ...stamp })),
    },
    length: 4,
  };
  const json = toVerboseJson(hypothesis, { duration: 1, words: true });
  expect(json.segments.map(({ tokens }) => tokens)).toEqual([[7, 8, 9], [5]]);
  expect(json).toMatchObject({
    task: 'transcribe',
    duration: 1,
    words: [{ word: 'so' }, { word: 'my.' }, { word: 'yes' }],
    segments: [{ avg_logprob: -1.5 }, {}],
  });
  expect(JSON.parse(toJson(hypothesis, { duration: 1 }))).not.toHaveProperty('words');
});
