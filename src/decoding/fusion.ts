/**
 * Shallow fusion: scores of an n-gram language model or of boosted phrases added to those of the network.
 *
 * A fusion model is a weighted automaton over token ids without the blank: blanks and repeats leave its state alone.
 */
export type FusionStep = {
  /** Score of every token, [vocabulary], natural logarithm. */
  readonly scores: Float32Array;
  /** State after every token. */
  readonly next: Int32Array;
};

export interface FusionModel {
  /** State before the first token. */
  readonly start: number;
  advance(state: number): FusionStep;
  /** Score of ending here; 0 for models that do not say. */
  final(state: number): number;
}

export type WeightedFusion = {
  readonly model: FusionModel;
  readonly alpha: number;
  /** Whether the end of a text is scored too: language models do, boosted phrases do not. */
  readonly scoresEnd: boolean;
};

/** How the blank fares when an external model scores tokens only (NeMo `blank_lm_score_mode`). */
export type BlankScoreMode = 'no_score' | 'lm_weighted_full';
/** Whether candidates are chosen by the network alone, or by all scores (NeMo `pruning_mode`). */
export type PruningMode = 'early' | 'late';

/** Several models as one: states move together. */
export class FusionState {
  readonly #models: readonly WeightedFusion[];
  readonly #states: readonly number[];
  #scores: Float32Array | undefined;

  constructor(models: readonly WeightedFusion[], states: readonly number[] = models.map(({ model }) => model.start)) {
    this.#models = models;
    this.#states = states;
  }

  /** Σ alpha · score of every token. */
  get scores(): Float32Array {
    if (this.#scores) return this.#scores;
    const steps = this.#steps();
    const sum = new Float32Array(steps[0]!.scores.length);
    steps.forEach(({ scores }, model) => {
      const { alpha } = this.#models[model]!;
      for (let token = 0; token < sum.length; token++) sum[token]! += alpha * scores[token]!;
    });
    this.#scores = sum;
    return sum;
  }

  /** Where each model stands, to go on from later: the constructor takes them back. */
  get states(): readonly number[] {
    return this.#states;
  }

  after(token: number): FusionState {
    const states = this.#steps().map(({ next }) => next[token]!);
    return new FusionState(this.#models, states);
  }

  /** Σ alpha · score of ending here, over the models that score ends. */
  get final(): number {
    return this.#models.reduce(
      (sum, { model, alpha, scoresEnd }, index) => (scoresEnd ? sum + alpha * model.final(this.#states[index]!) : sum),
      0,
    );
  }

  #steps(): FusionStep[] {
    return this.#models.map(({ model }, index) => model.advance(this.#states[index]!));
  }
}

export type FusedOptions = {
  readonly alphaSum: number;
  readonly blankScoreMode: BlankScoreMode;
  /** The probability of a blank counts as at most 1 − eps, NeMo's guard against log(0). */
  readonly eps: number;
};

/**
 * Adds the scores of fusion models to a row of log-probabilities, in place; the blank is the last class. With `lm_weighted_full` the external
 * models together weigh as much as they would with a blank of their own, whose probability is the network's.
 */
export function fuseScores(
  logProbs: Float32Array,
  fused: Float32Array,
  { alphaSum, blankScoreMode, eps }: FusedOptions,
): void {
  const blank = logProbs.length - 1;
  let share = 0;
  if (blankScoreMode === 'lm_weighted_full') {
    share = Math.log1p(-Math.min(Math.exp(logProbs[blank]!), 1 - eps)) * alphaSum;
    logProbs[blank]! *= 1 + alphaSum;
  }
  for (let token = 0; token < blank; token++) logProbs[token]! += share + fused[token]!;
}
