/** The search loops on a decoder made of a table; whole models are compared with NeMo in `engine/aed.test.ts`. */
import { expect, test } from 'vitest';
import { decodeAedBeam } from './aed-beam.ts';
import { decodeAedGreedy } from './aed-greedy.ts';
import type { AedNetwork, AedStep } from './aed-network.ts';

const PAD = 0;
const END = 1;
const NUM_TOKENS = 5;

/** Scores of what follows a token, by clip; the last class is no token. */
type Table = Readonly<Record<number, readonly number[]>>;

/** Remembers each row's tokens, so that a wrong parent gives a wrong answer. */
class TableDecoder implements AedNetwork<number[][]> {
  readonly #tables: readonly Table[];
  steps = 0;

  constructor(tables: readonly Table[]) {
    this.#tables = tables;
  }

  async start(prompts: readonly (readonly number[])[]): Promise<AedStep<number[][]>> {
    return this.#answer(prompts.map((prompt) => [...prompt]));
  }

  async step(state: number[][], tokens: readonly number[], parents: readonly number[]): Promise<AedStep<number[][]>> {
    return this.#answer(tokens.map((token, row) => [...(state[parents[row] as number] as number[]), token]));
  }

  release(): void {}

  #answer(rows: number[][]): AedStep<number[][]> {
    this.steps += 1;
    const rowsPerClip = rows.length / this.#tables.length;
    const logProbs = rows.flatMap((row, index) => {
      const table = this.#tables[Math.floor(index / rowsPerClip)] as Table;
      return [...(table[row.at(-1) as number] ?? [-9, -0.1, -9, -9, -9]), 5];
    });
    return { state: rows, logProbs: Float32Array.from(logProbs) };
  }
}

const FIRST: Table = { 2: [-9, -9, -9, -0.5, -1], 3: [-9, -3, -9, -9, -0.2], 4: [-9, -0.1, -9, -9, -4] };
const SECOND: Table = { 2: [-9, -9, -9, -1, -0.5], 3: [-9, -0.1, -9, -4, -4], 4: [-9, -9, -9, -0.3, -2] };

const options = (maxLengths: readonly number[]) => ({
  vocabularySize: NUM_TOKENS,
  endOfText: END,
  padding: PAD,
  maxLengths,
});
const beams = (beamSize: number, lengthPenalty = 0) => ({ beamSize, lengthPenalty, fusion: [] });

test('sampling draws every token as often as its temperature makes it probable', async () => {
  const flat: Table = { 2: [-9, -3, -9, -0.5, -1], 3: [-9, 0, -9, -9, -9], 4: [-9, 0, -9, -9, -9] };
  const draws = 1000;
  for (const temperature of [0.5, 1, 2]) {
    const counts = new Map<number | undefined, number>();
    for (let draw = 0; draw < draws; draw++) {
      const sampling = { temperature, random: () => (draw + 0.5) / draws };
      const [answer] = await decodeAedGreedy(new TableDecoder([flat]), [[2]], { ...options([3]), sampling });
      counts.set(answer!.tokens[0], (counts.get(answer!.tokens[0]) ?? 0) + 1);
    }
    const weights = flat[2]!.map((score) => Math.exp(score / temperature));
    const total = weights.reduce((sum, weight) => sum + weight);
    const expected = (tokens: readonly number[]) =>
      (draws * tokens.reduce((sum, token) => sum + weights[token]!, 0)) / total;
    expect(counts.get(3)).toBeCloseTo(expected([3]), -1);
    expect(counts.get(4)).toBeCloseTo(expected([4]), -1);
    expect(counts.get(undefined)).toBeCloseTo(expected([PAD, END]), -1); // an answer that ends at once has no token
  }
});

test('several samples of a clip lie side by side, and each goes on from itself', async () => {
  const numbers = [0.9, 0.5, 0.05, 0.95]; // of the first step: FIRST draws 4 and 3, SECOND 3 and 4
  const sampling = { temperature: 1, random: () => numbers.shift() ?? 0.5, numSamples: 2 };
  const both = [FIRST, SECOND];
  const answers = await decodeAedGreedy(new TableDecoder(both), [[2], [2]], { ...options([9, 9]), sampling });
  expect(answers.map(({ tokens }) => tokens)).toEqual([[4], [3, 4], [3], [4, 3]]);
});

test('greedy follows the best token to the end, and never a class that is no token', async () => {
  const [answer] = await decodeAedGreedy(new TableDecoder([FIRST]), [[2]], options([9]));
  expect(answer?.tokens).toEqual([3, 4]);
  expect(answer?.score).toBeCloseTo(-0.8, 5);
});

test('greedy stops where the room ends', async () => {
  const network = new TableDecoder([{ 2: [-9, -9, 0, -9, -9] }]);
  const [answer] = await decodeAedGreedy(network, [[2, 2]], options([5]));
  expect(answer?.tokens).toEqual([2, 2, 2]);
  expect((await decodeAedGreedy(network, [[2, 2]], options([2])))[0]?.tokens).toEqual([]);
});

test.each([1, 2, 3])('clips side by side answer as alone (beams of %d)', async (beamSize) => {
  const tables = [FIRST, SECOND];
  const together = await decodeAedBeam(new TableDecoder(tables), [[2], [2]], {
    ...options([9, 6]),
    ...beams(beamSize),
  });
  for (const [index, table] of tables.entries()) {
    const [alone] = await decodeAedBeam(new TableDecoder([table]), [[2]], {
      ...options([[9, 6][index] as number]),
      ...beams(beamSize),
    });
    expect(together[index]).toEqual(alone);
  }
});

test('a wider beam finds what greedy passes by', async () => {
  const tempting: Table = { 2: [-9, -9, -9, -0.5, -0.9], 3: [-9, -3, -3, -3, -3], 4: [-9, -0.1, -9, -9, -9] };
  const [result] = await decodeAedBeam(new TableDecoder([tempting]), [[2]], { ...options([9]), ...beams(2) });
  expect(result?.best.tokens).toEqual([4]);
  expect(result?.best.score).toBeCloseTo(-1, 5);
  expect((await decodeAedGreedy(new TableDecoder([tempting]), [[2]], options([9])))[0]?.tokens[0]).toBe(3);
});

test('the first token never ends a beam, as in NeMo', async () => {
  const [result] = await decodeAedBeam(
    new TableDecoder([{ 2: [-9, 0, -9, -9, -9], 1: [-9, -9, -9, -9, 0], 4: FIRST[4] as number[] }]),
    [[2]],
    {
      ...options([9]),
      ...beams(1),
    },
  );
  expect(result?.best.tokens).toEqual([END, 4]);
});

test('a beam has room for one token more than greedy', async () => {
  const endless: Table = { 2: [-9, -9, 0, -9, -9] };
  const [result] = await decodeAedBeam(new TableDecoder([endless]), [[2]], { ...options([4]), ...beams(1) });
  expect(result?.best.tokens).toHaveLength(4);
});

test('a length penalty favours longer answers', async () => {
  const table: Table = { 2: [-9, -9, -9, -0.4, -0.5], 3: [-9, -0.4, -9, -9, -9], 4: [-9, -9, -0.3, -9, -9] };
  const looping: Table = { ...table, 2: [-9, -0.6, -9, -0.4, -0.5] };
  const best = async (lengthPenalty: number) =>
    (await decodeAedBeam(new TableDecoder([looping]), [[2]], { ...options([6]), ...beams(3, lengthPenalty) }))[0]?.best
      .tokens.length ?? 0;
  expect(await best(3)).toBeGreaterThan(await best(0));
});
