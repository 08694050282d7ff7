/**
 * A backoff automaton over token ids: n-gram models and boosted phrases are both this (NeMo `NGramGPULanguageModel`, `GPUBoostingTreeModel`).
 *
 * A token without an arc falls back to a shorter history, paying the backoff weight on the way; the root has an arc for every token, so it
 * always arrives.
 */
import type { FusionModel, FusionStep } from './fusion.ts';

/** Steps kept for states met again; each is 8 bytes a token of the vocabulary. */
const MAX_CACHED_STEPS = 2048;

export const ROOT = 0;

/** Grows a graph: states first, then arcs out of them, in any order. */
export class BackoffGraphBuilder {
  readonly #vocabularySize: number;
  readonly #backoffTo: number[] = [ROOT];
  readonly #backoffWeight: number[] = [0];
  readonly #final: number[] = [Number.NEGATIVE_INFINITY];
  readonly #arcs = new Map<
    number,
    { readonly from: number; readonly token: number; readonly to: number; readonly weight: number }
  >();

  constructor(vocabularySize: number) {
    this.#vocabularySize = vocabularySize;
  }

  addState(backoffTo: number, backoffWeight: number, final: number = Number.NEGATIVE_INFINITY): number {
    this.#backoffTo.push(backoffTo);
    this.#backoffWeight.push(backoffWeight);
    this.#final.push(final);
    return this.#final.length - 1;
  }

  addArc(from: number, token: number, to: number, weight: number): void {
    this.#arcs.set(from * this.#vocabularySize + token, { from, token, to, weight });
  }

  setBackoff(state: number, weight: number): void {
    this.#backoffWeight[state] = weight;
  }

  setFinal(state: number, weight: number): void {
    this.#final[state] = weight;
  }

  /** Where an arc leads; undefined where there is none. */
  find(from: number, token: number): number | undefined {
    return this.#arcs.get(from * this.#vocabularySize + token)?.to;
  }

  build(start: number): BackoffGraph {
    const arcs = [...this.#arcs.values()].sort((a, b) => a.from - b.from || a.token - b.token);
    const starts = new Int32Array(this.#final.length + 1);
    for (const { from } of arcs) starts[from + 1]! += 1;
    for (let state = 0; state < this.#final.length; state++) starts[state + 1]! += starts[state]!;
    return new BackoffGraph({
      start,
      vocabularySize: this.#vocabularySize,
      starts,
      tokens: Int32Array.from(arcs, ({ token }) => token),
      targets: Int32Array.from(arcs, ({ to }) => to),
      weights: Float32Array.from(arcs, ({ weight }) => weight),
      backoffTo: Int32Array.from(this.#backoffTo),
      backoffWeight: Float32Array.from(this.#backoffWeight),
      finals: Float32Array.from(this.#final),
    });
  }
}

type GraphArrays = {
  readonly start: number;
  readonly vocabularySize: number;
  /** Arcs of state s are [starts[s], starts[s + 1]). */
  readonly starts: Int32Array;
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  readonly backoffTo: Int32Array;
  readonly backoffWeight: Float32Array;
  readonly finals: Float32Array;
};

export class BackoffGraph implements FusionModel {
  readonly #arrays: GraphArrays;
  readonly #steps = new Map<number, FusionStep>();

  constructor(arrays: GraphArrays) {
    this.#arrays = arrays;
  }

  get start(): number {
    return this.#arrays.start;
  }

  advance(state: number): FusionStep {
    const cached = this.#steps.get(state);
    if (cached) return cached;
    if (this.#steps.size >= MAX_CACHED_STEPS) this.#steps.clear();
    const step = this.#computeStep(state);
    this.#steps.set(state, step);
    return step;
  }

  final(state: number): number {
    const { finals, backoffTo, backoffWeight } = this.#arrays;
    let backoff = 0;
    for (let at = state; ; at = backoffTo[at]!) {
      if (finals[at]! > Number.NEGATIVE_INFINITY) return backoff + finals[at]!;
      if (at === ROOT) return Number.NEGATIVE_INFINITY;
      backoff += backoffWeight[at]!;
    }
  }

  #computeStep(state: number): FusionStep {
    const { vocabularySize, starts, tokens, targets, weights, backoffTo, backoffWeight } = this.#arrays;
    const scores = new Float32Array(vocabularySize);
    const next = new Int32Array(vocabularySize).fill(-1);
    let backoff = 0;
    for (let at = state; ; at = backoffTo[at]!) {
      for (let arc = starts[at]!; arc < starts[at + 1]!; arc++) {
        const token = tokens[arc]!;
        if (next[token]! >= 0) continue;
        next[token] = targets[arc]!;
        scores[token] = backoff + weights[arc]!;
      }
      if (at === ROOT) return { scores, next };
      backoff += backoffWeight[at]!;
    }
  }
}
