/**
 * The words a search may write, each with its spellings in tokens, as a tree (flashlight's `Trie`, NeMo's use of it).
 *
 * A node knows the best score any word below it can get, so that a path pays for a word while it spells it, not only at its end.
 */
import { AsrError } from '../base/errors.ts';
import { logAddExp } from './scores.ts';

export type LexiconNode = {
  readonly id: number;
  readonly children: Map<number, LexiconNode>;
  /** Words spelled by the way here. */
  readonly words: string[];
  /** The best score of a word here or below; words of the same spelling count together. */
  best: number;
};

export type Spelling = { readonly word: string; readonly tokens: readonly number[]; readonly score: number };

/** Words with the same spelling that are kept, flashlight's `kTrieMaxLabel`. */
const MAX_HOMOPHONES = 6;

export function buildLexicon(spellings: readonly Spelling[]): LexiconNode {
  let numNodes = 0;
  const create = (): LexiconNode => ({
    id: numNodes++,
    children: new Map(),
    words: [],
    best: Number.NEGATIVE_INFINITY,
  });
  const root = create();
  for (const { word, tokens, score } of spellings) {
    let node = root;
    for (const token of tokens) {
      const child = node.children.get(token) ?? create();
      node.children.set(token, child);
      node = child;
    }
    if (node.words.length === MAX_HOMOPHONES) continue;
    node.words.push(word);
    node.best = logAddExp(node.best, score);
  }
  raiseBest(root);
  return root;
}

function raiseBest(node: LexiconNode): number {
  for (const child of node.children.values()) node.best = Math.max(node.best, raiseBest(child));
  return node.best;
}

export type LexiconLine = { readonly word: string; readonly pieces: readonly string[] };

/** Lines of a lexicon: a word, then its pieces, between white space. @throws AsrError `unsupported-option` naming the line */
export function parseLexicon(text: string): LexiconLine[] {
  return text.split('\n').flatMap((line, index) => {
    const [word, ...pieces] = line.trim().split(/\s+/u);
    if (!word) return [];
    if (pieces.length === 0)
      throw new AsrError(
        'unsupported-option',
        `The lexicon's line ${index + 1} (${word}) has no spelling: a line is a word and its pieces.`,
      );
    return [{ word, pieces }];
  });
}
