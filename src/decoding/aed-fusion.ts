/**
 * External models in an attention decoder's beam (NeMo `BeamSearchSequenceGeneratorWithFusionModels`).
 *
 * What is particular here is the end of the text, which is a token of the decoder but not of the models: a language model scores it as its end,
 * boosted phrases as high as any token at this place, or else they would never let a text end.
 */
import type { WeightedFusion } from './fusion.ts';

/** A row of scores after fusion. */
export type AedFused = {
  /** Log-probabilities of the tokens with the models' scores added. */
  readonly scores: Float32Array;
  /** Where the models stand after a token. */
  readonly after: (token: number) => readonly number[];
};

/** States before the first token of an answer. */
export function startAedFusion(models: readonly WeightedFusion[]): readonly number[] {
  return models.map(({ model }) => model.start);
}

/** @param logProbs of the decoder, tokens only; left as they are */
export function fuseAedScores(
  logProbs: Float32Array,
  models: readonly WeightedFusion[],
  states: readonly number[],
  endOfText: number,
): AedFused {
  if (models.length === 0) return { scores: logProbs, after: () => states };
  const scores = logProbs.slice();
  const steps = models.map(({ model, alpha, scoresEnd }, index) => {
    const state = states[index]!;
    const step = model.advance(state);
    const end = model.final(state) + (scoresEnd ? 0 : step.scores.reduce((most, score) => Math.max(most, score), 0));
    for (let token = 0; token < scores.length; token++)
      scores[token]! += alpha * (token === endOfText ? end : step.scores[token]!);
    return step;
  });
  return { scores, after: (token) => (token === endOfText ? states : steps.map(({ next }) => next[token]!)) };
}
