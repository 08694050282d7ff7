/** What NeMo hands to Hugging Face's tokenizer beside the vocabulary. */
import { expect, test } from 'vitest';
import { readTokenizerSpec } from './tokenizer-spec.ts';

const wordPieces = (kwargs: object) => ({
  tokenizer: { type: 'wpe', vocab_path: 'nemo:vocab.txt', hf_kwargs: kwargs },
});

test('special tokens that bert-base-cased has anyway change nothing', () => {
  const spec = readTokenizerSpec(wordPieces({ unk_token: '[UNK]', bos_token: null, use_fast: true }), 'decoder');
  expect(spec).toMatchObject({ kind: 'wordpiece', file: 'vocab.txt' });
});

test.each([
  ['unk_token', '<unk>'],
  ['bos_token', '<s>'],
  ['pretrained_model_name', 'bert-base-uncased'],
])('another %s is refused by its name', (key, value) => {
  const read = (): unknown => readTokenizerSpec(wordPieces({ [key]: value }), 'decoder');
  expect(read).toThrow(expect.objectContaining({ code: 'checkpoint-unsupported' }));
  expect(read).toThrow(`tokenizer.hf_kwargs.${key} is ${value}`);
});
