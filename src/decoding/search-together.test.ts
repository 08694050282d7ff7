/** Searches run together against the same searches run alone, on a network that counts and forgets nothing. */
import { expect, test } from 'vitest';
import { BeamNetwork } from './beam-network.ts';
import { Prefix } from './prefix.ts';
import { searchTogether } from './search-together.ts';
import { decodeTransducerMalsd } from './transducer-malsd.ts';
import type { JoinRow, TransducerNetwork } from './transducer-network.ts';

const BLANK = 5;

/** Scores that depend on clip, frame and everything said so far. */
class CountingNetwork implements TransducerNetwork<number> {
  calls = 0;
  isBusy = false;

  start(rows: number): Promise<number[]> {
    return this.#run(() => Array<number>(rows).fill(1));
  }

  predict(tokens: readonly number[], states: readonly number[]): Promise<number[]> {
    return this.#run(() => tokens.map((token, row) => (states[row]! * 31 + token * 7 + 3) % 1009));
  }

  join(rows: readonly JoinRow<number>[]): Promise<Float32Array> {
    return this.#run(() =>
      Float32Array.from(
        rows.flatMap(({ clip, frame = -1, state }) =>
          Array.from({ length: BLANK + 1 }, (_, token) => 3 * Math.sin(clip * 5 + frame * 3 + state * 13 + token * 17)),
        ),
      ),
    );
  }

  async #run<T>(compute: () => T): Promise<T> {
    expect(this.isBusy, 'two calls at once').toBe(false);
    this.isBusy = true;
    this.calls += 1;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.isBusy = false;
    return compute();
  }
}

const options = {
  blank: BLANK,
  durations: [],
  beamSize: 3,
  scoreNorm: true,
  softmaxTemperature: 1,
  maxSymbols: 4,
  fusion: [],
  blankScoreMode: 'no_score',
  pruningMode: 'late',
} as const;

test('clips searched together give what each gives alone, in fewer calls, never two at once', async () => {
  const lengths = [7, 0, 12, 3];
  const together = new CountingNetwork();
  const results = await searchTogether(together, lengths.length, (network, clip) =>
    decodeTransducerMalsd(new BeamNetwork(network, clip, options), lengths[clip]!, options),
  );
  let calls = 0;
  for (const [clip, numFrames] of lengths.entries()) {
    const alone = new CountingNetwork();
    const network = new BeamNetwork(alone, clip, options);
    expect(results[clip]).toEqual(await decodeTransducerMalsd(network, numFrames, options));
    calls += alone.calls;
  }
  expect(together.calls).toBeLessThan(calls);
});

test('a search that fails fails the whole, and leaves no other waiting', async () => {
  const searching = searchTogether(new CountingNetwork(), 3, async (network, clip) => {
    if (clip === 1) throw new Error('broken');
    await network.predict([1], [1]);
    return clip;
  });
  await expect(searching).rejects.toThrow('broken');
});

test('states far behind the end of a text are dropped, and computed again when wanted', async () => {
  const counting = new CountingNetwork();
  const network = new BeamNetwork(counting, 0, options);
  let prefix = new Prefix<number>(undefined, BLANK);
  const early: Prefix<number>[] = [];
  for (let length = 0; length < 40; length++) {
    await network.scores([prefix], [0]);
    early.push(prefix);
    prefix = new Prefix(prefix, length % BLANK);
  }
  expect(early[5]!.state).toBeUndefined();
  expect(early[0]!.state).toBe(1);
  const [again] = await network.scores([early[5]!], [2]);
  const fresh = new Prefix(early[4]!, early[5]!.token);
  expect((await network.scores([fresh], [2]))[0]).toEqual(again);
});
