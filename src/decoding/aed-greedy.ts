/**
 * Greedy decoding of an attention decoder, several clips in step (NeMo `GreedySequenceGenerator`).
 *
 * Clips that have ended are fed padding until the last one ends: cheap, as rows share the reading of the weights.
 */
import {
  type AedHypothesis,
  type AedNetwork,
  type AedSearchOptions,
  type AedStep,
  answerLength,
} from './aed-network.ts';
import { maxIndex } from './scores.ts';

/** @param prompts one a clip, all of the same length */
export async function decodeAedGreedy<State>(
  network: AedNetwork<State>,
  prompts: readonly (readonly number[])[],
  options: AedSearchOptions,
): Promise<AedHypothesis[]> {
  const { vocabularySize, endOfText, padding, maxLengths, onStep } = options;
  const promptLength = prompts[0]?.length ?? 0;
  const rows = prompts.map((_, clip) => ({
    tokens: [] as number[],
    logProbs: [] as number[],
    room: (maxLengths[clip] as number) - promptLength,
    ended: false,
  }));
  const parents = rows.map((_, row) => row);
  let step: AedStep<State> | undefined;

  while (true) {
    for (const row of rows) if (row.tokens.length >= row.room) row.ended = true;
    if (rows.every((row) => row.ended)) break;
    step = step
      ? await network.step(
          step.state,
          rows.map((row) => row.tokens.at(-1) ?? padding),
          parents,
        )
      : await network.start(prompts);
    const numClasses = step.logProbs.length / rows.length;
    for (const [index, row] of rows.entries()) {
      if (row.ended) continue;
      const from = index * numClasses;
      const best = maxIndex(step.logProbs, from, from + vocabularySize);
      row.tokens.push(best - from);
      row.logProbs.push(step.logProbs[best]!);
      row.ended = best - from === endOfText;
    }
    onStep?.();
  }
  if (step) network.release(step.state);
  return rows.map(({ tokens, logProbs }) => {
    const length = answerLength(tokens, options);
    return {
      tokens: tokens.slice(0, length),
      logProbs: logProbs.slice(0, length),
      score: logProbs.reduce((sum, value) => sum + value, 0),
    };
  });
}
