/**
 * The networks as a beam of one clip sees them: states by prefix, logits as log-probabilities.
 *
 * Prefixes keep their states, but only near the end of the text: an hour's worth of them would not fit into memory. One that was dropped and
 * is wanted after all is computed again.
 */
import type { BeamOptions } from './beam-path.ts';
import type { Prefix } from './prefix.ts';
import { logSoftmax } from './scores.ts';
import type { TransducerNetwork } from './transducer-network.ts';

/** Tokens behind the end of a text whose states are kept. */
const KEPT_STATES = 16;

/** Log-probabilities of tokens with the blank, and of durations by themselves (empty for RNNT). */
export type StepScores = { readonly tokens: Float32Array; readonly durations: Float32Array };

export class BeamNetwork<State> {
  readonly #network: TransducerNetwork<State>;
  readonly #clip: number;
  readonly #blank: number;
  readonly #temperature: number;
  readonly #internal = new WeakMap<Prefix<State>, Float32Array>();

  constructor(
    network: TransducerNetwork<State>,
    clip: number,
    { blank, softmaxTemperature }: Pick<BeamOptions, 'blank' | 'softmaxTemperature'>,
  ) {
    this.#network = network;
    this.#clip = clip;
    this.#blank = blank;
    this.#temperature = softmaxTemperature;
  }

  /** Computes the states that prefixes lack; drops those far behind what is new, but for what the call asks for itself. */
  async #fillStates(prefixes: readonly Prefix<State>[]): Promise<void> {
    const old = (await this.#computeStates(prefixes)).map((prefix) => prefix.ancestor(KEPT_STATES));
    if (old.length === 0) return;
    const wanted = new Set(prefixes);
    for (const prefix of old) if (!wanted.has(prefix)) prefix.forgetState();
  }

  /** Equal prefixes once. Gives the prefixes that were computed, with those on the way to them. */
  async #computeStates(prefixes: readonly Prefix<State>[]): Promise<Prefix<State>[]> {
    const first = prefixes.find((prefix) => !prefix.parent && !prefix.state);
    if (first) {
      const [start] = await this.#network.start(1);
      for (const prefix of prefixes) if (!prefix.parent) prefix.state ??= start;
    }
    const groups = new Map<string, Prefix<State>[]>();
    for (const prefix of prefixes) {
      if (prefix.state) continue;
      const group = groups.get(`${prefix.length}:${prefix.key}`);
      if (group) group.push(prefix);
      else groups.set(`${prefix.length}:${prefix.key}`, [prefix]);
    }
    if (groups.size === 0) return [];
    const leaders = [...groups.values()].map((group) => group[0]!);
    const stateless = leaders.flatMap(({ parent }) => (parent && !parent.state ? [parent] : []));
    const onTheWay = stateless.length > 0 ? await this.#computeStates(stateless) : [];
    const states = await this.#network.predict(
      leaders.map(({ token }) => token),
      leaders.map(({ parent }) => parent!.state!),
    );
    [...groups.values()].forEach((group, index) => {
      for (const prefix of group) prefix.state = states[index]!;
    });
    return [...onTheWay, ...leaders];
  }

  /** Scores of every prefix at its frame; fills the states first. */
  async scores(prefixes: readonly Prefix<State>[], frames: readonly number[]): Promise<StepScores[]> {
    await this.#fillStates(prefixes);
    const logits = await this.#network.join(
      prefixes.map((prefix, row) => ({ clip: this.#clip, frame: frames[row]!, state: prefix.state! })),
    );
    const width = logits.length / prefixes.length;
    return prefixes.map((_, row) => {
      const from = row * width;
      const split = from + this.#blank + 1;
      return {
        tokens: logSoftmax(logits, from, split, this.#temperature),
        durations: width > this.#blank + 1 ? logSoftmax(logits, split, from + width, this.#temperature) : EMPTY,
      };
    });
  }

  /**
   * What a HAT joint's internal language model gives every label after each prefix: log-probabilities [labels], computed once a prefix. NeMo
   * takes the joint without the encoder's part; its blank only scales the labels, so they are normalised without it.
   */
  async internalScores(prefixes: readonly Prefix<State>[]): Promise<Float32Array[]> {
    const missing = prefixes.filter((prefix) => !this.#internal.has(prefix));
    if (missing.length > 0) {
      await this.#fillStates(missing);
      const logits = await this.#network.join(
        missing.map(({ state }) => ({ clip: this.#clip, frame: undefined, state: state! })),
      );
      const width = logits.length / missing.length;
      missing.forEach((prefix, row) => {
        this.#internal.set(prefix, logSoftmax(logits, row * width, row * width + this.#blank));
      });
    }
    return prefixes.map((prefix) => this.#internal.get(prefix)!);
  }
}

const EMPTY = new Float32Array(0);
