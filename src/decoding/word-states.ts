/** Histories of a word search: two paths stand at the same one exactly when they wrote the same words (flashlight's `LMState`). */
import type { WordHistory, WordLm } from './word-lm.ts';

export type WordState = { readonly id: number; readonly history: WordHistory };
type Step = { readonly state: WordState; readonly score: number };

/** Scores are logarithms of base 10, as flashlight takes them from KenLM. */
export class WordStates {
  readonly #lm: WordLm;
  readonly #steps = new Map<string, Step>();
  readonly start: WordState;
  #numStates = 1;

  constructor(lm: WordLm) {
    this.#lm = lm;
    this.start = { id: 0, history: lm.start };
  }

  after(state: WordState, word: string): Step {
    const name = `${state.id} ${word}`;
    const known = this.#steps.get(name);
    if (known) return known;
    const { score, history } = this.#lm.score(state.history, word);
    const step = { state: { id: this.#numStates++, history }, score: score / Math.LN10 };
    this.#steps.set(name, step);
    return step;
  }
}
