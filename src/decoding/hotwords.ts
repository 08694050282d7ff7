/** Words and phrases that a word beam favours (pyctcdecode's `HotwordScorer`): whole occurrences count in full, beginnings in proportion. */
export class Hotwords {
  readonly #phrases: readonly string[];
  readonly #words: readonly string[];
  readonly #weight: number;

  constructor(phrases: readonly string[], weight: number) {
    this.#phrases = phrases.map((phrase) => phrase.trim()).filter((phrase) => phrase !== '');
    this.#words = this.#phrases.flatMap((phrase) => phrase.split(/\s+/u));
    this.#weight = weight;
  }

  /** Bonus of a text: the weight for every occurrence between spaces. */
  score(text: string): number {
    if (this.#phrases.length === 0) return 0;
    let count = 0;
    for (let at = 0; at < text.length; ) {
      const found =
        at === 0 || text[at - 1] === ' ' ? this.#phrases.find((phrase) => isWhole(text, at, phrase)) : undefined;
      if (found) count += 1;
      at += found?.length ?? 1;
    }
    return this.#weight * count;
  }

  /** Bonus of the beginning of a word; undefined where no hotword begins so. */
  partialScore(part: string): number | undefined {
    const word = part === '' ? undefined : this.#words.find((candidate) => candidate.startsWith(part));
    return word === undefined ? undefined : (this.#weight * part.length) / word.length;
  }
}

function isWhole(text: string, at: number, phrase: string): boolean {
  const end = at + phrase.length;
  return text.startsWith(phrase, at) && (end === text.length || text[end] === ' ');
}
