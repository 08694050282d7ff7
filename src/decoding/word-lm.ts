/** A language model over words, scored as KenLM scores it, and what word searches want to know of its vocabulary. */
import { ArpaTable } from './arpa-table.ts';
import { isKenlmBinary, openKenlm } from './kenlm-binary.ts';
import { type NgramTable, scoreWord } from './ngram-table.ts';

/** Ids of the words before, the latest last. */
export type WordHistory = readonly number[];

export class WordLm {
  readonly #table: NgramTable;
  /** Beginnings of all words; undefined where the file does not list them. */
  readonly #prefixes: ReadonlySet<string> | undefined;

  private constructor(table: NgramTable, words: readonly string[] | undefined) {
    this.#table = table;
    this.#prefixes = words && prefixesOf(words);
  }

  /** Reads ARPA text or a KenLM binary. @throws AsrError `unsupported-option` for anything else */
  static async load(file: Blob): Promise<WordLm> {
    if (await isKenlmBinary(file)) return new WordLm(await openKenlm(file), undefined);
    const table = await ArpaTable.load(file);
    return new WordLm(table, table.words);
  }

  /** Words of the longest n-gram. */
  get order(): number {
    return this.#table.order;
  }

  /** The history of a sentence's first word. */
  get start(): WordHistory {
    return [this.#table.idOf('<s>')];
  }

  knows(word: string): boolean {
    return this.#table.idOf(word) !== 0;
  }

  /** Whether any word begins like this; of a binary no word is known to, as in pyctcdecode. */
  hasPrefix(text: string): boolean {
    return this.#prefixes?.has(text) ?? false;
  }

  /** Natural logarithm of the word's probability after a history, and the history after it. */
  score(history: WordHistory, word: string): { readonly score: number; readonly history: WordHistory } {
    return scoreWord(this.#table, history, this.#table.idOf(word));
  }
}

function prefixesOf(words: readonly string[]): ReadonlySet<string> {
  const prefixes = new Set<string>();
  for (const word of words) for (let length = 1; length <= word.length; length++) prefixes.add(word.slice(0, length));
  return prefixes;
}
