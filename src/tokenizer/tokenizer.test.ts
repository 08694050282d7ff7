import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

import { createAggregateTokenizer } from './aggregate.ts';
import { createCharTokenizer } from './char.ts';
import { readSentencePiece } from './sentencepiece-model.ts';
import { createSentencePieceTokenizer } from './sentencepiece.ts';
import type { Tokenizer } from './tokenizer.ts';
import { createVocabularyTokenizer } from './vocabulary.ts';
import { createWordPieceTokenizer } from './wordpiece.ts';

const folder = new URL('../../e2e/fixtures/tokenizers/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));

function open(name: string): Tokenizer {
  if (name === 'wordpiece')
    return createWordPieceTokenizer(readFileSync(new URL('wordpiece-vocab.txt', folder), 'utf8'));
  if (name.startsWith('aggregate')) return openAggregate();
  const isPacked = name === 'unigram-world';
  const bytes = readFileSync(new URL(`${name}.model${isPacked ? '.gz' : ''}`, folder));
  return createSentencePieceTokenizer(readSentencePiece(isPacked ? gunzipSync(bytes) : bytes));
}

function openAggregate() {
  return createAggregateTokenizer([
    ['en', open('unigram-identity')],
    ['ja', open('unigram-world')],
  ]);
}

describe('every tokenizer answers as NeMo', () => {
  for (const name of Object.keys(expected).filter((key) => key !== 'aggregate-languages')) {
    test(name, () => {
      const tokenizer = open(name);
      const { vocabularySize, encode, decode } = expected[name];
      const lang = /aggregate-(.*)/.exec(name)?.[1];
      expect(tokenizer.vocabularySize).toBe(vocabularySize);
      for (const [text, ids] of encode) expect([text, tokenizer.textToIds(text, lang)]).toEqual([text, ids]);
      for (const [ids, text] of decode) expect([ids, tokenizer.idsToText(ids)]).toEqual([ids, text]);
    });
  }
});

test('an aggregate tokenizer knows the language of tokens, words and utterances', () => {
  const tokenizer = openAggregate();
  for (const { ids, lang, textAndLangs, wordsAndLangs } of expected['aggregate-languages']) {
    expect(tokenizer.idsToLang(ids)).toBe(lang);
    expect(tokenizer.idsToTextAndLangs(ids)).toEqual(textAndLangs);
    expect(tokenizer.idsToWordsAndLangs(ids)).toEqual(wordsAndLangs);
  }
  expect(tokenizer.offsetOf('ja')).toBe(120);
  expect(() => tokenizer.textToIds('a', 'fr')).toThrow(expect.objectContaining({ code: 'unsupported-option' }));
});

test('pieces alone decode like the SentencePiece model they come from, and refuse to encode', () => {
  const model = open('unigram-identity');
  const tokenizer = createVocabularyTokenizer(model.pieces);
  for (const [ids, text] of expected['unigram-identity'].decode) expect(tokenizer.idsToText(ids)).toBe(text);
  expect(() => tokenizer.textToIds('a')).toThrow(expect.objectContaining({ code: 'unsupported-option' }));
});

test('a character tokenizer finds long labels only as whole words and drops what it has no label for', () => {
  const tokenizer = createCharTokenizer([' ', 'a', 'b', '<noise>']);
  expect(tokenizer.textToIds('ab <noise> a<noise>?')).toEqual([1, 2, 0, 3, 0, 1]);
  expect(tokenizer.idsToText([1, 0, 3])).toBe('a <noise>');
});

test('WordPiece prints special tokens in tokensToText and drops them in idsToText', () => {
  const tokenizer = createWordPieceTokenizer('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n.\n');
  expect(tokenizer.tokensToText(tokenizer.idsToTokens([5, 6, 1, 7]))).toBe('ab [UNK].');
  expect(tokenizer.idsToText([5, 6, 1, 7])).toBe('ab.');
  expect(createWordPieceTokenizer('a\nb').vocabularySize).toBe(7);
});

test('an id outside the vocabulary is a corrupt checkpoint, not the word "undefined"', () => {
  expect(() => open('char').idsToText([100_000])).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
});
