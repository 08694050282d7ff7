/** Language models and boosting trees that NeMo built and saved, against NeMo's scores along random tokens (`e2e/fixtures/fusion`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { FusionModel } from '../decoding/fusion.ts';
import { isArchive, openFusionArchive } from './fusion-archive.ts';

type Walk = { readonly tokens: readonly number[]; readonly scores: readonly number[]; readonly final: number };

const FOLDER = new URL('../../e2e/fixtures/fusion/', import.meta.url);
const open = (name: string): Blob => new Blob([readFileSync(new URL(name, FOLDER))]);
const expected: { vocabulary: number; ngram: Walk[]; trees: { walks: Walk[] }[] } = JSON.parse(
  readFileSync(new URL('expected.json', FOLDER), 'utf8'),
);
const options = { key: 'ngram_lm_model', vocabularySize: expected.vocabulary };

function expectWalk(model: FusionModel, { tokens, scores, final }: Walk): void {
  let state = model.start;
  tokens.forEach((token, index) => {
    const step = model.advance(state);
    expect(step.scores[token]).toBeCloseTo(scores[index] as number, 3);
    state = step.next[token] as number;
  });
  expect(model.final(state)).toBeCloseTo(final, 3);
}

test('a saved n-gram model scores as NeMo scores it', async () => {
  expect(await isArchive(open('four-gram.nemo'))).toBe(true);
  expect(await isArchive(open('four-gram.arpa'))).toBe(false);
  const model = await openFusionArchive(open('four-gram.nemo'), options);
  for (const walk of expected.ngram) expectWalk(model, walk);
});

test.each(expected.trees.map((_, index) => index))('saved boosting tree %i scores as NeMo scores it', async (index) => {
  const model = await openFusionArchive(open(`tree-${index}.nemo`), options);
  for (const walk of expected.trees[index]?.walks ?? []) expectWalk(model, walk);
});

test('a recognizer, or a model for other tokens, is refused by name', async () => {
  await expect(openFusionArchive(openGolden('quartznet-ctc-char').archive(), options)).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringMatching(/EncDecCTCModel/),
  });
  await expect(openFusionArchive(open('four-gram.nemo'), { ...options, vocabularySize: 1024 })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringMatching(/12 tokens/),
  });
  const half = open('four-gram.nemo');
  await expect(openFusionArchive(half.slice(0, half.size / 2), options)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
  });
});
