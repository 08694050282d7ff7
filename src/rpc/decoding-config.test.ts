/** Decoding configs on their way to the worker. */
import { expect, test } from 'vitest';
import { toWireDecoding } from './decoding-config.ts';

test('URL objects become addresses, files and everything else stay', () => {
  const file = new Blob(['\\data\\']);
  const config = {
    strategy: 'malsd_batch',
    beam: {
      ngram_lm_model: new URL('https://example.org/lm.arpa'),
      boostingTree: { keyPhrasesFile: file, keyPhrasesList: ['a b'] },
    },
  };
  expect(toWireDecoding(config)).toEqual({
    strategy: 'malsd_batch',
    beam: {
      ngram_lm_model: 'https://example.org/lm.arpa',
      boostingTree: { keyPhrasesFile: file, keyPhrasesList: ['a b'] },
    },
  });
  expect(toWireDecoding(null)).toBeNull();
});

test('what is no config, or no URL, throws at once', () => {
  expect(() => toWireDecoding('greedy' as never)).toThrow(TypeError);
  expect(() => toWireDecoding({ greedy: { ngram_lm_model: '' } })).toThrow(TypeError);
});
