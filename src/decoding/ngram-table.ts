/**
 * N-grams of a backoff language model by words, however they are stored: as KenLM asks for them. Weights are natural logarithms.
 *
 * A word is scored by the longest n-gram that ends in it; each word of history that this leaves out costs a backoff.
 */
export interface NgramTable {
  /** Words of the longest n-gram. */
  readonly order: number;
  /** Number of a word; 0 is the unknown word. */
  idOf(word: string): number;
  /** The longest n-gram of the end of `history` (latest last) and `word`, and its number of words. */
  match(history: readonly number[], word: number): NgramMatch;
  /** Cost of leaving `words` (latest last) to a shorter history; 0 where the model says nothing. */
  backoff(words: readonly number[]): number;
}

export type NgramMatch = { readonly weight: number; readonly length: number };

/** KenLM's probability of the unknown word in a model without one: log10 of -100. */
export const MISSING_UNKNOWN = -100 * Math.LN10;

/** What a word pays after a history, by the length of its longest n-gram: the backoffs of all histories that one leaves out. */
export function backoffsOf(table: NgramTable, history: readonly number[]): number[] {
  const costs = new Array<number>(history.length + 2).fill(0);
  for (let length = history.length; length > 0; length--)
    costs[length] = costs[length + 1]! + table.backoff(history.slice(history.length - length));
  return costs;
}

/**
 * Logarithm of a word's probability after a history, and the words of both that a longer n-gram may still see.
 *
 * @param backoffs of the history, for callers that ask for many words after it
 */
export function scoreWord(
  table: NgramTable,
  history: readonly number[],
  word: number,
  backoffs: readonly number[] = backoffsOf(table, history),
): { readonly score: number; readonly history: readonly number[] } {
  const { weight, length } = table.match(history, word);
  const words = [...history, word];
  return {
    score: weight + backoffs[length]!,
    history: words.slice(words.length - Math.min(length, table.order - 1)),
  };
}
