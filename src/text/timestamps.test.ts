import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { createAggregateTokenizer } from '../tokenizer/aggregate.ts';
import { createCharTokenizer } from '../tokenizer/char.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { createVocabularyTokenizer } from '../tokenizer/vocabulary.ts';
import { createWordPieceTokenizer } from '../tokenizer/wordpiece.ts';
import { toAedTimestamps } from './aed-timestamps.ts';
import { toTimestamps } from './timestamps.ts';
import { idsToTranscript, stripLangTags, stripPunctuationSpace, supportedPunctuation } from './token-text.ts';

const { cases } = JSON.parse(
  readFileSync(new URL('../../e2e/fixtures/timestamps/cases.json', import.meta.url), 'utf8'),
);
const time = { windowStride: 0.01, subsamplingFactor: 8 };

function makeTokenizer(kind: string, pieces: string[]): Tokenizer {
  if (kind === 'char') return createCharTokenizer(pieces);
  if (kind === 'wordpiece') return createWordPieceTokenizer(pieces.join('\n'));
  return kind === 'aggregate'
    ? createAggregateTokenizer([['all', createVocabularyTokenizer(pieces)]])
    : createVocabularyTokenizer(pieces);
}

function emit(
  frames: number[],
  durations: number[] = [],
): { token: number; frame: number; duration: number; logProb: number }[] {
  return frames.map((frame, index) => ({ token: index, frame, duration: durations[index] ?? 1, logProb: 0 }));
}

describe('text and char, word and segment stamps are those of NeMo, to the last bit of the seconds', () => {
  for (const item of cases) {
    test(item.name, () => {
      const tokenizer = makeTokenizer(item.kind, item.pieces);
      const punctuation = supportedPunctuation(tokenizer.pieces);
      const emissions = item.ids.map((token: number, i: number) => ({
        token,
        frame: item.frames?.[i],
        duration: item.durations?.[i] ?? 1,
        logProb: 0,
      }));
      const plain = idsToTranscript(item.ids, tokenizer, punctuation);
      const { text, timestamp } =
        item.decoder === 'aed'
          ? toAedTimestamps(plain, item)
          : {
              text: item.name.includes('strip_lang_tags') ? stripLangTags(plain) : plain,
              timestamp: toTimestamps(emissions, {
                ...item,
                tokenizer,
                segmentSeparators: item.segmentSeparators ?? undefined,
                segmentGapThreshold: item.segmentGapThreshold ?? undefined,
              }),
            };
      expect(text).toBe(item.text);
      for (const kind of ['char', 'word', 'segment'] as const) {
        const stamps = timestamp[kind]!.map((stamp) => [
          (stamp as Record<string, unknown>)[kind],
          stamp.startOffset,
          stamp.endOffset,
          stamp.start,
          stamp.end,
        ]);
        expect(stamps.map((stamp, i) => stamp.slice(0, item[kind][i]?.length))).toEqual(item[kind]);
      }
    });
  }
});

test('nothing emitted gives empty lists', () => {
  expect(toTimestamps([], { ...time, tokenizer: createCharTokenizer(['a']), decoder: 'ctc' })).toEqual({
    timestep: [],
    char: [],
    word: [],
    segment: [],
  });
  expect(toAedTimestamps(' hello ', time).text).toBe('hello');
});

test('a CTC token ends where it is first emitted and starts where the one before ended', () => {
  const { char } = toTimestamps(emit([5, 9]), { ...time, tokenizer: createCharTokenizer(['a', 'b']), decoder: 'ctc' });
  expect(char!.map(({ startOffset, endOffset }) => [startOffset, endOffset])).toEqual([
    [4, 5],
    [5, 9],
  ]);
});

test('a TDT punctuation mark sits behind its word with no length, an RNNT mark keeps its frame', () => {
  const tokenizer = createVocabularyTokenizer(['▁so', '.']);
  expect(toTimestamps(emit([1, 20], [3, 4]), { ...time, tokenizer, decoder: 'tdt' }).word![0]).toMatchObject({
    word: 'so.',
    startOffset: 1,
    endOffset: 4,
  });
  expect(toTimestamps(emit([1, 20]), { ...time, tokenizer, decoder: 'rnnt' }).word![0]).toMatchObject({
    word: 'so.',
    startOffset: 1,
    endOffset: 21,
  });
});

test('seconds are multiplied in the order of NeMo', () => {
  const { char } = toTimestamps(emit([41]), { ...time, tokenizer: createCharTokenizer(['a']), decoder: 'rnnt' });
  expect(char![0]!.start).toBe(3.2800000000000002);
});

test('only marks of pieces that stand for themselves are supported punctuation', () => {
  expect([...supportedPunctuation(['▁.', '##,', '<|a!|>', '[x?]', "'s", '-', 'a', ' '])]).toEqual(["'", '-']);
});

test('one space, not two, goes before a supported mark', () => {
  const marks = new Set(['.', '?']);
  expect(stripPunctuationSpace('a . b  ? c ! .', marks)).toBe('a. b ? c !.');
});
