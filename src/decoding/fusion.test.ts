/** N-gram models and boosting trees against NeMo along random sequences, and language models that are none. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildBoostingTree } from './boosting-tree.ts';
import type { FusionModel } from './fusion.ts';
import { loadNgramLm } from './ngram-lm.ts';

type Walk = { readonly tokens: readonly number[]; readonly scores: readonly number[]; readonly final: number };
type Tree = {
  readonly phrases: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly context_score: number;
  readonly depth_scaling: number;
  readonly unk_score: number;
  readonly final_eos_score: number;
  readonly uniform_weights: boolean;
  readonly walks: readonly Walk[];
};

const folder = new URL('../../e2e/fixtures/fusion/', import.meta.url);
const arpa = readFileSync(new URL('four-gram.arpa', folder), 'utf8');
const expected: { vocabulary: number; ngram: Walk[]; trees: Tree[] } = JSON.parse(
  readFileSync(new URL('expected.json', folder), 'utf8'),
);

function expectWalk(model: FusionModel, { tokens, scores, final }: Walk): void {
  let state = model.start;
  tokens.forEach((token, index) => {
    const step = model.advance(state);
    expect(step.scores[token]).toBeCloseTo(scores[index]!, 3);
    state = step.next[token]!;
  });
  expect(model.final(state)).toBeCloseTo(final, 3);
}

test('a four-gram model scores every token and every end as NeMo does', async () => {
  const model = await loadNgramLm(new Blob([arpa]), { vocabularySize: expected.vocabulary, asKenlm: false });
  for (const walk of expected.ngram) expectWalk(model, walk);
});

test('Windows line ends change nothing', async () => {
  const model = await loadNgramLm(new Blob([arpa.replaceAll('\n', '\r\n')]), {
    vocabularySize: expected.vocabulary,
    asKenlm: false,
  });
  for (const walk of expected.ngram) expectWalk(model, walk);
});

test.each(expected.trees.map((tree, index) => [index, tree] as const))(
  'boosting tree %i scores nested and overlapping phrases as NeMo does',
  (_, tree) => {
    const phrases = tree.phrases.map((tokens, index) => ({ tokens, score: tree.scores[index]! }));
    const model = buildBoostingTree(phrases, {
      vocabularySize: expected.vocabulary,
      contextScore: tree.context_score,
      depthScaling: tree.depth_scaling,
      unknownScore: tree.unk_score,
      finalEosScore: tree.final_eos_score,
      uniformWeights: tree.uniform_weights,
    });
    for (const walk of tree.walks) expectWalk(model, walk);
  },
);

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ['an empty file', '', /without|does not begin/],
  ['a binary model', 'mmap lm http://kheafield.com/code format version 5\n\0', /binary/],
  ['a truncated file', arpa.slice(0, arpa.length / 2), /without \\end\\|no n-gram|lacks/],
  ['a missing order', arpa.replace('\\2-grams:', '\\3-grams:'), /expected \\2-grams:/],
  ['a weight that is no number', arpa.replace(/^-\d\.\d+\t/mu, 'x\t'), /no n-gram/],
  ['words instead of tokens', arpa.replace(/\td\t/u, '\thello\t'), /does not fit/],
  ['a token outside the vocabulary', arpa.replace(/\td\t/u, '\tz\t'), /none of the checkpoint's 12 tokens/],
];

test.each(BROKEN)('%s is refused as language model', async (_, text, message) => {
  const loading = loadNgramLm(new Blob([text]), { vocabularySize: expected.vocabulary, asKenlm: false });
  await expect(loading).rejects.toMatchObject({ name: 'AsrError', code: 'unsupported-option' });
  await expect(loading).rejects.toThrow(message);
});
