/**
 * What every transducer beam keeps of a hypothesis, and what it gives back.
 *
 * Paths are mutable on purpose: NeMo's searches add the probability of an equal path to one that other lists hold too.
 */
import type { Emission } from '../base/emission.ts';
import { Prefix } from './prefix.ts';

/** A token with its place; the chain of them is shared between paths. */
export type Placed = { readonly emission: Emission; readonly timestep: number; readonly before: Placed | undefined };

/** A step of a path, with what the network said: the chain of them is the path's alignment. */
export type Taken = { readonly label: number; readonly logProbs: Float32Array; readonly before: Taken | undefined };

/** One reading, best first in the list a search returns. */
export type BeamReading = {
  readonly emissions: readonly Emission[];
  readonly score: number;
  /** NeMo's `timestamp`: the frame of each token by the search's own count. */
  readonly timestep: readonly number[];
  /** Steps with their log-probabilities, where the search keeps them. */
  readonly steps?: readonly Omit<Taken, 'before'>[];
};

export type BeamOptions = {
  /** Class of the blank; logits after it are durations. */
  readonly blank: number;
  /** Frames a duration class stands for; empty for RNNT. */
  readonly durations: readonly number[];
  readonly beamSize: number;
  /** Order readings by score per token instead of by score. @default true */
  readonly scoreNorm: boolean;
  /** Divides logits before they become probabilities. */
  readonly softmaxTemperature: number;
  /** Keep every step for `hypothesis.alignments`; the searches that NeMo gives none for do not. @default false */
  readonly keepSteps?: boolean;
};

type Change = { readonly score: number; readonly frame?: number; readonly taken?: Taken | undefined };

export class BeamPath<State> {
  readonly prefix: Prefix<State>;
  score: number;
  readonly placed: Placed | undefined;
  /** The last step, in searches that keep alignments when they are asked to. */
  readonly taken: Taken | undefined;
  /** The encoder frame the path stands at; only searches that leave the frame loop use it. */
  frame: number;

  private constructor(prefix: Prefix<State>, placed: Placed | undefined, { score, frame = 0, taken }: Change) {
    this.prefix = prefix;
    this.score = score;
    this.placed = placed;
    this.taken = taken;
    this.frame = frame;
  }

  static start<State>(blank: number): BeamPath<State> {
    return new BeamPath(new Prefix<State>(undefined, blank), undefined, { score: 0 });
  }

  /** A copy that scored something without emitting. */
  continued(change: Change): BeamPath<State> {
    return new BeamPath(this.prefix, this.placed, { frame: this.frame, ...change });
  }

  /** A copy with one more token. */
  extended(
    emission: Emission,
    { timestep = emission.frame, ...change }: Change & { readonly timestep?: number },
  ): BeamPath<State> {
    const placed = { emission, timestep, before: this.placed };
    return new BeamPath(new Prefix(this.prefix, emission.token), placed, { frame: this.frame, ...change });
  }

  /** The path's next step, to be kept with what comes of it. */
  step(label: number, logProbs: Float32Array, { keepSteps }: Pick<BeamOptions, 'keepSteps'>): Taken | undefined {
    return keepSteps ? { label, logProbs, before: this.taken } : undefined;
  }
}

/** Best first, the earlier of equals first. */
export function byScore<State>(paths: readonly BeamPath<State>[]): BeamPath<State>[] {
  return [...paths].sort((a, b) => b.score - a.score);
}

/** What a reading is made of; the batched searches have paths of their own. */
type Reached<State> = Pick<BeamPath<State>, 'prefix' | 'score' | 'placed'> & Partial<Pick<BeamPath<State>, 'taken'>>;

/** NeMo `sort_nbest`; lengths count the start symbol, so that an empty path has one. */
export function toReadings<State>(paths: readonly Reached<State>[], scoreNorm: boolean): BeamReading[] {
  const rank = ({ score, prefix }: Reached<State>): number => (scoreNorm ? score / (prefix.length + 1) : score);
  return [...paths].sort((a, b) => rank(b) - rank(a)).map(toReading);
}

function toReading<State>({ score, placed, taken }: Reached<State>): BeamReading {
  const chain = fromFirst(placed);
  return {
    score,
    emissions: chain.map(({ emission }) => emission),
    timestep: chain.map(({ timestep }) => timestep),
    ...(taken && { steps: fromFirst(taken) }),
  };
}

function fromFirst<Link extends { readonly before: Link | undefined }>(last: Link | undefined): Link[] {
  const chain: Link[] = [];
  for (let at = last; at; at = at.before) chain.push(at);
  return chain.reverse();
}
