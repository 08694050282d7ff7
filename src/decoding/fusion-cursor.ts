/** Where a fusion model stands after each prefix of a search that scores single tokens. */
import { FusionState, type WeightedFusion } from './fusion.ts';
import type { Prefix } from './prefix.ts';

export class FusionCursor<State> {
  readonly #start: FusionState | undefined;
  readonly #states = new WeakMap<Prefix<State>, FusionState>();

  constructor(fusion: WeightedFusion | undefined) {
    this.#start = fusion && new FusionState([fusion]);
  }

  /** alpha · score of `token` after `prefix`; 0 without a model. */
  score(prefix: Prefix<State>, token: number): number {
    return this.#start ? this.#stateOf(prefix, this.#start).scores[token]! : 0;
  }

  #stateOf(prefix: Prefix<State>, start: FusionState): FusionState {
    const known = this.#states.get(prefix);
    if (known) return known;
    const state = prefix.parent ? this.#stateOf(prefix.parent, start).after(prefix.token) : start;
    this.#states.set(prefix, state);
    return state;
  }
}
