/**
 * KenLM's tries: words in sorted order, then level by level bit-packed records of a word, its weights and where its longer n-grams begin.
 *
 * A path goes from the last word of an n-gram back through its history, so what may follow a word's record are the words before it.
 */
import type { KenlmHeader, KenlmWords } from './kenlm-layout.ts';
import { hashWord } from './kenlm-hash.ts';
import { type TrieLevel, lowerBound, openLevels } from './kenlm-trie-levels.ts';
import type { NgramMatch, NgramTable } from './ngram-table.ts';

/** Words are numbered by the order of their hashes, from 1 on. */
export function sortedVocabulary(data: DataView, start: number, { counts }: KenlmHeader): KenlmWords {
  const numWords = Number(data.getBigUint64(start, true));
  const hashAt = (index: number): bigint => data.getBigUint64(start + 8 + 8 * index, true);
  return {
    idOf: (word) => {
      const hash = hashWord(word);
      const index = lowerBound(0, numWords, (at) => hashAt(at) >= hash);
      return index < numWords && hashAt(index) === hash ? index + 1 : 0;
    },
    end: start + 8 + 8 * counts[0]!,
  };
}

type Node = { readonly weight: number; readonly backoff: number; readonly begin: number; readonly end: number };

export function openTrie(data: DataView, { idOf, end }: KenlmWords, header: KenlmHeader): NgramTable {
  const { order } = header;
  const { unigramsAt, levels } = openLevels(data, end, header);
  const unigram = (word: number): Node => {
    const at = unigramsAt + 16 * word;
    return {
      weight: data.getFloat32(at, true),
      backoff: data.getFloat32(at + 4, true),
      begin: Number(data.getBigUint64(at + 8, true)),
      end: Number(data.getBigUint64(at + 24, true)),
    };
  };
  const extend = (node: Node, level: TrieLevel, word: number): Node | undefined => {
    const index = lowerBound(node.begin, node.end, (at) => level.wordAt(at) >= word);
    if (index >= node.end || level.wordAt(index) !== word) return undefined;
    return { ...level.weightsAt(index), ...level.childrenAt(index) };
  };

  return {
    order,
    idOf,
    match(history, word): NgramMatch {
      let node = unigram(word);
      let length = 1;
      while (length < order && length <= history.length) {
        const next = extend(node, levels[length - 1]!, history[history.length - length]!);
        if (!next) break;
        node = next;
        length += 1;
      }
      return { weight: node.weight * Math.LN10, length };
    },
    backoff(words): number {
      if (words.length >= order) return 0;
      const [word = 0, ...before] = [...words].reverse();
      let node: Node | undefined = unigram(word);
      for (const [index, earlier] of before.entries()) node = node && extend(node, levels[index]!, earlier);
      return (node?.backoff ?? 0) * Math.LN10;
    },
  };
}
