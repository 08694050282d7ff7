/**
 * Greedy decoding of an attention decoder, several clips in step, or sampling in its place (NeMo `GreedySequenceGenerator`).
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
import { logSoftmax, maxIndex } from './scores.ts';

/** What the greedy search needs to know besides. */
export type AedGreedyOptions = AedSearchOptions & {
  /** Measures the confidence of a step from all its log-probabilities. */
  readonly measure?: (logProbs: Float32Array) => number;
  /** Draws each token by its probability instead of taking the best. @default the best */
  readonly sampling?: Sampling | undefined;
};

/** What scores are divided by before they become probabilities, and numbers from 0 to 1 to draw by. */
export type Sampling = {
  readonly temperature: number;
  readonly random: () => number;
  /** Answers that are drawn for each clip. @default 1 */
  readonly numSamples?: number;
};

type Row = {
  readonly tokens: number[];
  readonly logProbs: number[];
  readonly confidences: number[];
  readonly room: number;
  ended: boolean;
};

/**
 * @param prompts one a clip, all of the same length
 * @returns one answer a clip; where several are drawn, those of a clip side by side
 */
export async function decodeAedGreedy<State>(
  network: AedNetwork<State>,
  prompts: readonly (readonly number[])[],
  options: AedGreedyOptions,
): Promise<AedHypothesis[]> {
  const { padding, maxLengths, onStep } = options;
  const promptLength = prompts[0]?.length ?? 0;
  const numSamples = options.sampling?.numSamples ?? 1;
  const clipOf = (row: number): number => Math.floor(row / numSamples);
  const rows = Array.from({ length: prompts.length * numSamples }, (_, row): Row => {
    const room = (maxLengths[clipOf(row)] as number) - promptLength;
    return { tokens: [], logProbs: [], confidences: [], room, ended: room <= 0 };
  });
  let sourceOf = clipOf; // the prompt is read once a clip, whatever is drawn from it
  let step: AedStep<State> | undefined;

  while (rows.some((row) => !row.ended)) {
    const last = rows.map((row) => row.tokens.at(-1) ?? padding);
    const isFirst = step === undefined;
    step = step
      ? await network.step(
          step.state,
          last,
          rows.map((_, row) => sourceOf(row)),
        )
      : await network.start(prompts);
    if (!isFirst) sourceOf = (row) => row;
    const numClasses = step.logProbs.length / (isFirst ? prompts.length : rows.length);
    for (const [index, row] of rows.entries()) {
      const from = sourceOf(index) * numClasses;
      if (!row.ended) advance(row, step.logProbs.subarray(from, from + numClasses), options);
    }
    onStep?.();
  }
  if (step) network.release(step.state);
  return rows.map((row) => toHypothesis(row, options));
}

function advance(row: Row, logProbs: Float32Array, options: AedGreedyOptions): void {
  const { vocabularySize, endOfText, measure, sampling } = options;
  const token = sampling ? drawn(logProbs, vocabularySize, sampling) : maxIndex(logProbs, 0, vocabularySize);
  row.tokens.push(token);
  row.logProbs.push(logProbs[token]!);
  if (measure) row.confidences.push(measure(logProbs));
  row.ended = token === endOfText || row.tokens.length >= row.room;
}

/** The token that a random number falls on, when each takes as much of 0 to 1 as is probable. */
function drawn(logProbs: Float32Array, vocabularySize: number, { temperature, random }: Sampling): number {
  const scores = logSoftmax(logProbs, 0, vocabularySize, temperature);
  let left = random();
  for (let token = 0; token < vocabularySize; token++) {
    left -= Math.exp(scores[token]!);
    if (left < 0) return token;
  }
  return maxIndex(scores, 0, vocabularySize); // what rounding left over
}

function toHypothesis({ tokens, logProbs, confidences }: Row, options: AedGreedyOptions): AedHypothesis {
  const length = answerLength(tokens, options);
  return {
    tokens: tokens.slice(0, length),
    logProbs: logProbs.slice(0, length),
    score: logProbs.reduce((sum, value) => sum + value, 0),
    ...(options.measure ? { confidences } : {}),
  };
}
