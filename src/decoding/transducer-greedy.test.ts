/** The greedy loop over a network one can follow: what the first frame does to a predictor without a row for the blank. */
import { expect, test } from 'vitest';
import { decodeTransducerGreedy } from './transducer-greedy.ts';
import type { TransducerNetwork } from './transducer-network.ts';

const BLANK = 2;

/** States are all that was fed; a token comes at the frames of `speaking`, 1 after exactly one token 0, else 0. */
function follow(speaking: readonly number[]): TransducerNetwork<readonly number[]> {
  return {
    start: (rows, token = BLANK) => Promise.resolve(Array.from({ length: rows }, () => [token])),
    predict: (tokens, states) => Promise.resolve(states.map((state, row) => [...state, tokens[row] as number])),
    join: (rows) => {
      const best = rows.map(({ frame, state }) =>
        speaking.includes(frame as number) && state.length === 1 ? Number(state[0] === 0) : BLANK,
      );
      return Promise.resolve(Float32Array.from(best.flatMap((token) => [0, 1, 2].map((at) => Number(at === token)))));
    },
  };
}

test.each([
  { speaking: [0], restartsAtZero: true, tokens: [0] },
  { speaking: [3], restartsAtZero: true, tokens: [1] },
  { speaking: [3], restartsAtZero: false, tokens: [0] },
])('said at $speaking, restarting: $restartsAtZero', async ({ speaking, restartsAtZero, tokens }) => {
  const options = { blank: BLANK, durations: [], maxSymbols: 3, restartsAtZero };
  const [decoded] = await decodeTransducerGreedy(follow(speaking), [5], options);
  expect(decoded?.emissions.map(({ token }) => token)).toEqual(tokens);
});
