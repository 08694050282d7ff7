/** A table of n-grams as a fusion model: histories are numbered as they are met, and every token is looked up from each. */
import type { FusionModel, FusionStep } from './fusion.ts';
import { type NgramTable, backoffsOf, scoreWord } from './ngram-table.ts';

/** Steps kept for histories met again; each is 8 bytes a token of the vocabulary. */
const MAX_CACHED_STEPS = 2048;

export class TableFusion implements FusionModel {
  readonly #table: NgramTable;
  /** The table's number of every token's word. */
  readonly #ids: readonly number[];
  /** What a token the table lacks pays besides, where such tokens share the unknown word's probability. */
  readonly #share: number | undefined;
  readonly #histories: (readonly number[])[] = [];
  readonly #states = new Map<string, number>();
  readonly #steps = new Map<number, FusionStep>();
  readonly start: number;

  /** @param words spelling of every token in the table @param asKenlm whether every token it lacks is the unknown word */
  constructor(table: NgramTable, words: readonly string[], asKenlm: boolean) {
    this.#table = table;
    this.#ids = words.map((word) => table.idOf(word));
    const numUnknown = words.length - this.numKnown;
    this.#share = asKenlm ? undefined : -Math.log(Math.max(1, numUnknown));
    this.start = this.#stateOf([table.idOf('<s>')]);
  }

  /** Tokens the table knows. */
  get numKnown(): number {
    return this.#ids.filter((id) => id !== 0).length;
  }

  advance(state: number): FusionStep {
    const cached = this.#steps.get(state);
    if (cached) return cached;
    if (this.#steps.size >= MAX_CACHED_STEPS) this.#steps.clear();
    const history = this.#histories[state]!;
    const step = { scores: new Float32Array(this.#ids.length), next: new Int32Array(this.#ids.length) };
    const backoffs = backoffsOf(this.#table, history);
    this.#ids.forEach((id, token) => {
      const scored = scoreWord(this.#table, history, id, backoffs);
      const share = id === 0 ? this.#share : undefined;
      step.scores[token] = scored.score + (share ?? 0);
      step.next[token] = this.#stateOf(share === undefined ? scored.history : []);
    });
    this.#steps.set(state, step);
    return step;
  }

  final(state: number): number {
    return scoreWord(this.#table, this.#histories[state]!, this.#table.idOf('</s>')).score;
  }

  #stateOf(history: readonly number[]): number {
    const name = history.join(' ');
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    this.#histories.push(history);
    this.#states.set(name, this.#histories.length - 1);
    return this.#histories.length - 1;
  }
}
