/** An n-gram table in memory, from ARPA text. */
import { readArpa } from './arpa.ts';
import { MISSING_UNKNOWN, type NgramMatch, type NgramTable } from './ngram-table.ts';

type Ngram = { readonly weight: number; readonly backoff: number };

export class ArpaTable implements NgramTable {
  readonly #ids = new Map<string, number>([['<unk>', 0]]);
  readonly #ngrams = new Map<string, Ngram>();
  #order = 1;

  /** @throws AsrError `unsupported-option` where the file is no ARPA model */
  static async load(file: Blob): Promise<ArpaTable> {
    const table = new ArpaTable();
    for await (const ngrams of readArpa(file))
      for (const { symbols, order, weight, backoff } of ngrams)
        table.#add(symbols.split(' '), order, { weight, backoff });
    return table;
  }

  get order(): number {
    return this.#order;
  }

  /** The words, without the unknown one. */
  get words(): readonly string[] {
    return [...this.#ids.keys()].slice(1);
  }

  idOf(word: string): number {
    return this.#ids.get(word) ?? 0;
  }

  match(history: readonly number[], word: number): NgramMatch {
    // Pruned models may have an n-gram without its suffixes, so the longest is looked for first.
    for (let from = Math.max(0, history.length + 1 - this.#order); from < history.length; from++) {
      const found = this.#ngrams.get(`${history.slice(from).join(' ')} ${word}`);
      if (found) return { weight: found.weight, length: history.length - from + 1 };
    }
    return { weight: this.#ngrams.get(`${word}`)?.weight ?? MISSING_UNKNOWN, length: 1 };
  }

  backoff(words: readonly number[]): number {
    return this.#ngrams.get(words.join(' '))?.backoff ?? 0;
  }

  #add(words: readonly string[], order: number, ngram: Ngram): void {
    this.#order = Math.max(this.#order, order);
    this.#ngrams.set(words.map((word) => this.#newIdOf(word)).join(' '), ngram);
  }

  #newIdOf(word: string): number {
    const known = this.#ids.get(word === '<UNK>' ? '<unk>' : word);
    if (known !== undefined) return known;
    this.#ids.set(word, this.#ids.size);
    return this.#ids.size - 1;
  }
}
