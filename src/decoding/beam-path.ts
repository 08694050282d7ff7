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

export type BeamPath<State> = {
  prefix: Prefix<State>;
  score: number;
  placed: Placed | undefined;
  /** The last step, in searches that keep alignments when they are asked to. */
  taken?: Taken | undefined;
  /** The encoder frame the path stands at; only searches that leave the frame loop use it. */
  frame: number;
};

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

export function startPath<State>(blank: number): BeamPath<State> {
  return { prefix: new Prefix<State>(undefined, blank), score: 0, placed: undefined, frame: 0 };
}

/** A path's next step, to be kept with it. */
export function takeStep<State>(
  { taken }: BeamPath<State>,
  label: number,
  logProbs: Float32Array,
  { keepSteps }: Pick<BeamOptions, 'keepSteps'>,
): Taken | undefined {
  return keepSteps ? { label, logProbs, before: taken } : undefined;
}

type Change = { readonly score: number; readonly frame?: number; readonly taken?: Taken | undefined };

/** A copy that scored something without emitting. */
export function continuePath<State>(
  path: BeamPath<State>,
  { score, frame = path.frame, taken }: Change,
): BeamPath<State> {
  return { prefix: path.prefix, score, placed: path.placed, taken, frame };
}

/** A copy with one more token. */
export function extendPath<State>(
  path: BeamPath<State>,
  emission: Emission,
  { score, timestep = emission.frame, frame = path.frame, taken }: Change & { readonly timestep?: number },
): BeamPath<State> {
  return {
    prefix: new Prefix(path.prefix, emission.token),
    score,
    placed: { emission, timestep, before: path.placed },
    taken,
    frame,
  };
}

/** Best first, the earlier of equals first. */
export function byScore<State>(paths: readonly BeamPath<State>[]): BeamPath<State>[] {
  return [...paths].sort((a, b) => b.score - a.score);
}

/** NeMo `sort_nbest`; lengths count the start symbol, so that an empty path has one. */
export function toReadings<State>(paths: readonly BeamPath<State>[], scoreNorm: boolean): BeamReading[] {
  const rank = ({ score, prefix }: BeamPath<State>): number => (scoreNorm ? score / (prefix.length + 1) : score);
  return [...paths].sort((a, b) => rank(b) - rank(a)).map(toReading);
}

function toReading<State>({ score, placed, taken }: BeamPath<State>): BeamReading {
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
