/** Files named in `--decoding`. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openDecodingFiles } from './decoding-argument.ts';

const ARPA = fileURLToPath(new URL('../../e2e/fixtures/families/decoding/tokens-bpe.arpa', import.meta.url));

test('paths of language models and phrase lists become files, in either spelling; the rest stays', async () => {
  const opened = await openDecodingFiles({
    strategy: 'malsd_batch',
    beam: { ngramLmModel: ARPA, boosting_tree: { key_phrases_file: ARPA, key_phrases_list: ['forty two'] } },
    greedy: { ngram_lm_model: 'https://example.org/lm.arpa' },
  });
  expect(opened).toMatchObject({ strategy: 'malsd_batch', greedy: { ngram_lm_model: 'https://example.org/lm.arpa' } });
  const beam = opened['beam'] as {
    ngramLmModel: Blob;
    boosting_tree: { key_phrases_file: Blob; key_phrases_list: string[] };
  };
  expect(beam.ngramLmModel.size).toBe(beam.boosting_tree.key_phrases_file.size);
  expect(beam.boosting_tree.key_phrases_list).toEqual(['forty two']);
});

test('a path that is no file is refused', async () => {
  await expect(openDecodingFiles({ beam: { ngram_lm_model: 'nowhere.arpa' } })).rejects.toMatchObject({
    code: 'unsupported-option',
  });
});
