/** Paths of NeMo's batched beams (`BatchedBeamHyps`): immutable, and merged when they have become the same. */
import type { BeamReading, Placed } from './beam-path.ts';
import { toReadings } from './beam-path.ts';
import type { FusionState } from './fusion.ts';
import type { Prefix } from './prefix.ts';
import { logAddExp } from './scores.ts';

export type BatchPath<State> = {
  readonly prefix: Prefix<State>;
  readonly score: number;
  readonly placed: Placed | undefined;
  readonly frame: number;
  /** Tokens emitted since the path last moved. */
  readonly numAtFrame: number;
  readonly fusion: FusionState | undefined;
};

/** Sums the probability of equal texts into the best of them. @param byFrame whether they must stand at the same frame too (TDT) */
export function recombine<State>(paths: readonly BatchPath<State>[], byFrame: boolean): BatchPath<State>[] {
  const groups = new Map<string, { at: number; best: BatchPath<State>; score: number }>();
  paths.forEach((path, at) => {
    const name = `${byFrame ? path.frame : ''}:${path.prefix.length}:${path.prefix.key}`;
    const group = groups.get(name);
    if (!group) groups.set(name, { at, best: path, score: path.score });
    else {
      if (path.score > group.best.score) Object.assign(group, { at, best: path });
      group.score = logAddExp(group.score, path.score);
    }
  });
  return [...groups.values()].sort((a, b) => a.at - b.at).map(({ best, score }) => ({ ...best, score }));
}

/** Best first, by score per token where `scoreNorm` says so. */
export function toRankedReadings<State>(paths: readonly BatchPath<State>[], scoreNorm: boolean): BeamReading[] {
  return toReadings(
    paths.filter(({ score }) => score > Number.NEGATIVE_INFINITY).map((path) => ({ ...path })),
    scoreNorm,
  );
}
