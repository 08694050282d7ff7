/**
 * NeMo's batched variant of adaptive expansion search, RNNT only (strategy `maes_batch`, `ModifiedAESBatchedRNNTComputer`).
 *
 * Differs from `maes`: a path's expansions compete with those of all paths after each step, and the beam holds finished and growing ones
 * together. Blank ends a path's growth in the frame. NeMo keeps "still grows" by place in the beam, not by path: a path that moves to the place of
 * one that has ended ends too, without the cost of a blank, and its later tokens count a frame less in `timestamp`. We do as NeMo does.
 */
import type { BeamNetwork } from './beam-network.ts';
import { type BatchPath, toRankedReadings } from './batch-path.ts';
import type { BeamOptions, BeamReading } from './beam-path.ts';
import { type BlankScoreMode, FusionState, type PruningMode, type WeightedFusion, fuseScores } from './fusion.ts';
import { Prefix } from './prefix.ts';
import { logAddExp, topIndices } from './scores.ts';

export type MaesBatchOptions = BeamOptions & {
  readonly numSteps: number;
  readonly expansionGamma: number;
  readonly expansionBeta: number;
  readonly fusion: readonly WeightedFusion[];
  readonly blankScoreMode: BlankScoreMode;
  readonly pruningMode: PruningMode;
};

const EPS = 1e-6;

/** A path that still grows in this frame or has ended, mostly with a blank; `path.frame` counts its blanks. */
type Grown<State> = { readonly path: BatchPath<State>; readonly grows: boolean };
type Step<State> = {
  readonly from: Grown<State>;
  readonly token: number;
  readonly score: number;
  readonly logProb: number;
};

export async function decodeTransducerMaesBatch<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: MaesBatchOptions,
): Promise<BeamReading[]> {
  const { blank, fusion, scoreNorm } = options;
  const prefix = new Prefix<State>(undefined, blank);
  let paths: BatchPath<State>[] = [
    {
      prefix,
      score: 0,
      placed: undefined,
      frame: 0,
      numAtFrame: 0,
      fusion: fusion.length > 0 ? new FusionState(fusion) : undefined,
    },
  ];
  const rowsOf = async (list: readonly BatchPath<State>[], frame: number): Promise<Float32Array[]> =>
    (
      await network.scores(
        list.map((path) => path.prefix),
        list.map(() => frame),
      )
    ).map(({ tokens }) => tokens);

  for (let frame = 0; frame < numFrames; frame++) {
    let rows = await rowsOf(paths, frame);
    if (frame > 0 && options.beamSize > 1) paths = addPrefixScores(paths, rows, options);
    let beam = paths.map((path): Grown<State> => ({ path, grows: true }));

    for (let step = 0; step < options.numSteps && beam.some(({ grows }) => grows); step++) {
      const growing = beam.filter(({ grows }) => grows);
      if (step > 0)
        rows = await rowsOf(
          growing.map(({ path }) => path),
          frame,
        );
      const steps = beam.flatMap((from): Step<State>[] => {
        const row = growing.indexOf(from);
        return row < 0 ? [{ from, token: -1, score: from.path.score, logProb: 0 }] : expand(from, rows[row]!, options);
      });
      const distinct = dropEqual(steps, beam, blank);
      const places = beam;
      beam = topIndices(
        distinct.map(({ score }) => score),
        options.beamSize,
      ).map((index, place) => {
        const mayGrow = places[place]?.grows ?? true;
        return take(distinct[index]!, { frame, blank, mayGrow });
      });
    }

    const growing = beam.filter(({ grows }) => grows).map(({ path }) => path);
    const last = growing.length > 0 ? await rowsOf(growing, frame) : [];
    paths = beam.map(({ path }) => {
      const row = growing.indexOf(path);
      return row < 0 ? path : { ...path, score: path.score + last[row]![blank]!, frame: path.frame + 1 };
    });
  }
  return toRankedReadings(paths, scoreNorm);
}

/** Scores with the language model in them. */
function fused<State>(
  path: BatchPath<State>,
  row: Float32Array,
  { fusion, blankScoreMode }: MaesBatchOptions,
): Float32Array {
  if (!path.fusion) return row;
  const scores = row.slice();
  fuseScores(scores, path.fusion.scores, {
    alphaSum: fusion.reduce((sum, { alpha }) => sum + alpha, 0),
    blankScoreMode,
    eps: EPS,
  });
  return scores;
}

/** Adds to each path the probability of coming from a path one token shorter within this frame. */
function addPrefixScores<State>(
  paths: readonly BatchPath<State>[],
  rows: readonly Float32Array[],
  options: MaesBatchOptions,
): BatchPath<State>[] {
  return paths.map((path) => {
    const parent = path.prefix.parent;
    let score = path.score;
    paths.forEach((shorter, index) => {
      if (!parent?.equals(shorter.prefix)) return;
      score = logAddExp(score, shorter.score + fused(shorter, rows[index]!, options)[path.prefix.token]!);
    });
    return { ...path, score };
  });
}

/** The candidates of a growing path within `expansionGamma` of its best. */
function expand<State>(from: Grown<State>, row: Float32Array, options: MaesBatchOptions): Step<State>[] {
  const { beamSize, expansionBeta, expansionGamma, pruningMode } = options;
  const all = fused(from.path, row, options);
  const chosen = pruningMode === 'early' ? row : all;
  const tokens = topIndices(chosen, beamSize + expansionBeta);
  const least = chosen[tokens[0]!]! - expansionGamma;
  return tokens
    .filter((token) => chosen[token]! > least)
    .map((token) => ({ from, token, score: from.path.score + all[token]!, logProb: row[token]! }));
}

/** Drops tokens that lead to a text the beam already has, and of steps to the same text all but the best. */
function dropEqual<State>(steps: readonly Step<State>[], beam: readonly Grown<State>[], blank: number): Step<State>[] {
  const texts = new Set(beam.map(({ path }) => `${path.prefix.length}:${path.prefix.key}`));
  const best = new Map<string, Step<State>>();
  for (const step of steps) {
    if (step.token < 0) {
      best.set(`finished ${best.size}`, step);
      continue;
    }
    const { prefix } = step.from.path;
    const next = step.token === blank ? prefix : new Prefix(prefix, step.token);
    const name = `${next.length}:${next.key}`;
    if (step.token !== blank && texts.has(name)) continue;
    const same = best.get(name);
    if (!same || step.score > same.score) best.set(name, step);
  }
  return [...best.values()];
}

type Place = { readonly frame: number; readonly blank: number; readonly mayGrow: boolean };

function take<State>({ from, token, score, logProb }: Step<State>, { frame, blank, mayGrow }: Place): Grown<State> {
  const { path } = from;
  if (token < 0) return { path, grows: false };
  if (token === blank) return { path: { ...path, score, frame: path.frame + 1 }, grows: false };
  const placed = { emission: { token, frame, duration: 1, logProb }, timestep: path.frame, before: path.placed };
  const next: BatchPath<State> = {
    ...path,
    prefix: new Prefix(path.prefix, token),
    score,
    placed,
    fusion: path.fusion?.after(token),
  };
  return { path: next, grows: mayGrow };
}
