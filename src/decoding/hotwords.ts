/** Words that a word beam favours, of phrases each (pyctcdecode's `HotwordScorer`): whole occurrences count in full, beginnings in proportion. */
export class Hotwords {
  /** Shortest first. */
  readonly #words: readonly string[];
  readonly #weight: number;

  constructor(phrases: readonly string[], weight: number) {
    const words = phrases.flatMap((phrase) => phrase.split(/\s+/u)).filter((word) => word !== '');
    this.#words = words.sort((a, b) => [...a].length - [...b].length);
    this.#weight = weight;
  }

  /** Bonus of a text: the weight for every one of its words. */
  score(text: string): number {
    if (this.#words.length === 0) return 0;
    return this.#weight * text.split(/\s+/u).filter((word) => this.#words.includes(word)).length;
  }

  /** Bonus of the beginning of a word; undefined where no hotword begins so. */
  partialScore(part: string): number | undefined {
    const word = part === '' ? undefined : this.#words.find((candidate) => candidate.startsWith(part));
    return word === undefined ? undefined : (this.#weight * part.length) / word.length;
  }
}
