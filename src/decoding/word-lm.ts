/**
 * An n-gram language model over words, scored as KenLM scores it: the longest known history counts, each shortening pays a backoff.
 *
 * Unlike `ngram-lm.ts` it is asked word by word, so it keeps n-grams in a map and never lists a whole vocabulary.
 */
import { readArpa } from './arpa.ts';

/** Ids of the words before, the latest last. */
export type WordHistory = readonly number[];

export class WordLm {
  readonly #ids = new Map<string, number>();
  readonly #ngrams = new Map<string, { readonly weight: number; readonly backoff: number }>();
  readonly #prefixes = new Set<string>();
  #order = 1;

  /** @throws AsrError `unsupported-option` where the file is no ARPA model */
  static async load(file: Blob): Promise<WordLm> {
    const lm = new WordLm();
    for await (const ngrams of readArpa(file))
      for (const ngram of ngrams) lm.#add(ngram.symbols, ngram.order, ngram.weight, ngram.backoff);
    return lm;
  }

  /** Words of the longest n-gram. */
  get order(): number {
    return this.#order;
  }

  /** The history of a sentence's first word. */
  get start(): WordHistory {
    return [this.#id('<s>')];
  }

  knows(word: string): boolean {
    return this.#ids.has(word);
  }

  /** Whether any word begins like this. */
  hasPrefix(text: string): boolean {
    return this.#prefixes.has(text);
  }

  /** Natural logarithm of the word's probability after a history, and the history after it. */
  score(history: WordHistory, word: string): { readonly score: number; readonly history: WordHistory } {
    const id = this.#ids.get(word) ?? this.#id('<unk>');
    let backoff = 0;
    for (let from = 0; from <= history.length; from++) {
      const context = history.slice(from);
      const found = this.#ngrams.get([...context, id].join(' '));
      if (found)
        return {
          score: backoff + found.weight,
          history: [...context, id].slice(-(this.#order - 1) || history.length + 1),
        };
      backoff += this.#ngrams.get(context.join(' '))?.backoff ?? 0;
    }
    return { score: Number.NEGATIVE_INFINITY, history: [] };
  }

  #add(symbols: string, order: number, weight: number, backoff: number): void {
    this.#order = Math.max(this.#order, order);
    const words = symbols.split(' ');
    this.#ngrams.set(words.map((word) => this.#id(word)).join(' '), { weight, backoff });
    if (order > 1) return;
    for (let length = 1; length <= symbols.length; length++) this.#prefixes.add(symbols.slice(0, length));
  }

  #id(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    this.#ids.set(word, this.#ids.size);
    return this.#ids.size - 1;
  }
}
