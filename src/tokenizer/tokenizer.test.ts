import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { goldenFolder, openGolden } from '../../e2e/support/golden.ts';
import { createAggregateTokenizer } from './aggregate.ts';
import { createCharTokenizer } from './char.ts';
import { readSentencePiece } from './sentencepiece-model.ts';
import { createSentencePieceTokenizer } from './sentencepiece.ts';
import type { Tokenizer } from './tokenizer.ts';
import { createVocabularyTokenizer } from './vocabulary.ts';
import { createWordPieceTokenizer } from './wordpiece.ts';

/** What NeMo's tokenizer classes answer (case `tokenizers`). */
type Answers = {
  readonly vocab_size: number;
  readonly text_to_ids: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly ids_to_text: readonly { readonly ids: readonly number[]; readonly text: string }[];
};
type Languages = {
  readonly ids: number[];
  readonly lang: string;
  readonly text_and_langs: unknown;
  readonly words_and_langs: unknown;
};

const folder = goldenFolder('tokenizers');
const { 'aggregate-languages': languages, ...expected } = openGolden('tokenizers').json['tokenizers'] as {
  readonly 'aggregate-languages': readonly Languages[];
} & Record<string, Answers>;

function open(name: string): Tokenizer {
  if (name === 'wordpiece')
    return createWordPieceTokenizer(readFileSync(new URL('wordpiece-vocab.txt', folder), 'utf8'));
  if (name.startsWith('aggregate')) return openAggregate();
  return createSentencePieceTokenizer(readSentencePiece(readFileSync(new URL(`${name}.model`, folder))));
}

function openAggregate() {
  return createAggregateTokenizer([
    ['en', open('unigram-identity')],
    ['ja', open('unigram-world')],
  ]);
}

describe('every tokenizer answers as NeMo', () => {
  for (const [name, { vocab_size, text_to_ids, ids_to_text }] of Object.entries(expected)) {
    test(name, () => {
      const tokenizer = open(name);
      const lang = /aggregate-(.*)/.exec(name)?.[1];
      expect(tokenizer.vocabularySize).toBe(vocab_size);
      for (const { text, ids } of text_to_ids) expect([text, tokenizer.textToIds(text, lang)]).toEqual([text, ids]);
      for (const { ids, text } of ids_to_text) expect([ids, tokenizer.idsToText(ids)]).toEqual([ids, text]);
    });
  }
});

test('an aggregate tokenizer knows the language of tokens, words and utterances', () => {
  const tokenizer = openAggregate();
  for (const { ids, lang, text_and_langs, words_and_langs } of languages) {
    expect(tokenizer.idsToLang(ids)).toBe(lang);
    expect(tokenizer.idsToTextAndLangs(ids)).toEqual(text_and_langs);
    expect(tokenizer.idsToWordsAndLangs(ids)).toEqual(words_and_langs);
  }
  expect(tokenizer.offsetOf('ja')).toBe(expected['unigram-identity']!.vocab_size);
  expect(() => tokenizer.textToIds('a', 'fr')).toThrow(expect.objectContaining({ code: 'unsupported-option' }));
});

test('pieces alone decode like the SentencePiece model they come from, and refuse to encode', () => {
  const model = open('unigram-identity');
  const tokenizer = createVocabularyTokenizer(model.pieces);
  for (const { ids, text } of expected['unigram-identity']!.ids_to_text) expect(tokenizer.idsToText(ids)).toBe(text);
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
