/** What a KenLM binary says of itself, whichever way it keeps its n-grams. */

/** What the header says. */
export type KenlmHeader = {
  readonly order: number;
  /** Buckets a hash table has for every entry. */
  readonly multiplier: number;
  /** Number of n-grams of every order; the first counts the unknown word too. */
  readonly counts: readonly number[];
  readonly hasRestCosts: boolean;
  readonly isQuantised: boolean;
  readonly hasArrayPointers: boolean;
};

/** Numbers of words, and where what comes after them begins. */
export type KenlmWords = { readonly idOf: (word: string) => number; readonly end: number };
