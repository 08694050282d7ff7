/**
 * Modified alignment-length synchronous beam search of RNNT and TDT (NeMo strategy `malsd_batch`, its recommended one:
 * `ModifiedALSDBatchedRNNTComputer`, `ModifiedALSDBatchedTDTComputer`).
 *
 * Every round each path takes one step of its own, token or blank, at the frame it stands at; then the best go on and paths of the same text
 * become one. A finished path stays in the beam with the score it has.
 */
import type { BeamNetwork, StepScores } from './beam-network.ts';
import type { BeamOptions, BeamReading, Placed } from './beam-path.ts';
import { type BlankScoreMode, FusionState, type PruningMode, type WeightedFusion, fuseScores } from './fusion.ts';
import { Prefix } from './prefix.ts';
import { maxIndex, topIndices } from './scores.ts';
import { type BatchPath, recombine, toRankedReadings } from './batch-path.ts';

export type MalsdOptions = BeamOptions & {
  /** Tokens a frame may emit. */
  readonly maxSymbols: number;
  readonly fusion: readonly WeightedFusion[];
  readonly blankScoreMode: BlankScoreMode;
  readonly pruningMode: PruningMode;
};

const EPS = 1e-2; // NeMo's, wide because it also runs in bfloat16

type Candidate = { readonly token: number; readonly duration: number; readonly logProb: number };
type Step<State> = {
  readonly path: BatchPath<State>;
  readonly candidate: Candidate | undefined;
  readonly score: number;
};

/** Where a recording's paths stand behind what was decoded of it. */
export type MalsdState<State> = {
  readonly paths: readonly BatchPath<State>[];
  /** Frames decoded so far; paths count theirs from the first of the recording. */
  readonly frame: number;
};

/** Decodes a clip in one piece. */
export async function decodeTransducerMalsd<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: MalsdOptions,
): Promise<BeamReading[]> {
  return malsdReadings(await continueMalsd(network, numFrames, options), options);
}

/** What a state has read, best first. */
export function malsdReadings<State>(
  { paths }: MalsdState<State>,
  { scoreNorm }: Pick<MalsdOptions, 'scoreNorm'>,
): BeamReading[] {
  return toRankedReadings(paths, scoreNorm);
}

/**
 * Decodes the next `numFrames` frames of a recording: all paths go on with their scores, and one that jumped past the end waits there (NeMo
 * `prev_batched_state`). The state given is left as it was, so a piece can be decoded again.
 *
 * @param network bound to these frames alone
 * @param before state behind the piece before
 */
export async function continueMalsd<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: MalsdOptions,
  before: MalsdState<State> = startMalsd(options),
): Promise<MalsdState<State>> {
  const start = before.frame;
  const end = start + numFrames;
  let { paths } = before;
  while (paths.some(({ frame }) => frame < end)) {
    const active = paths.filter(({ frame }) => frame < end);
    const scores = await network.scores(
      active.map(({ prefix }) => prefix),
      active.map(({ frame }) => frame - start),
    );
    const steps: Step<State>[] = paths.flatMap((path): Step<State>[] => {
      const row = active.indexOf(path);
      if (row < 0) return [{ path, candidate: undefined, score: path.score }];
      return candidates(scores[row]!, path, options).map((candidate) => ({
        path,
        candidate,
        score: path.score + candidate.logProb,
      }));
    });
    const order = topIndices(
      steps.map(({ score }) => score),
      options.beamSize,
    );
    paths = recombine(
      order.map((index) => take(steps[index]!, options)),
      options.durations.length > 0,
    );
  }
  return { paths, frame: end };
}

function startMalsd<State>({ blank, fusion }: MalsdOptions): MalsdState<State> {
  const path = {
    prefix: new Prefix<State>(undefined, blank),
    score: 0,
    placed: undefined,
    frame: 0,
    numAtFrame: 0,
    fusion: fusion.length > 0 ? new FusionState(fusion) : undefined,
  };
  return { paths: [path], frame: 0 };
}

/** What a path may do next: its best steps, or only a blank once the frame has emitted enough. */
function candidates<State>(scores: StepScores, path: BatchPath<State>, options: MalsdOptions): Candidate[] {
  const { blank, beamSize, durations, maxSymbols, pruningMode } = options;
  const { tokens } = scores;
  const unfusedBlank = tokens[blank]!;
  const early = path.fusion && pruningMode === 'early' ? topIndices(tokens, beamSize) : undefined;
  if (path.fusion) {
    const alphaSum = options.fusion.reduce((sum, { alpha }) => sum + alpha, 0);
    fuseScores(tokens, path.fusion.scores, { alphaSum, blankScoreMode: options.blankScoreMode, eps: EPS });
  }
  const best = early ?? topIndices(tokens, beamSize);
  const steps =
    durations.length === 0 ? best.map((token) => step(token, -1, scores, options)) : bestPairs(best, scores, options);
  if (path.numAtFrame < maxSymbols) return steps;

  // The forced blank: with early pruning fusion does not touch it, and a TDT path moves as its best step would have.
  const isTdt = durations.length > 0;
  const bestDuration = isTdt ? scores.durations[maxIndex(scores.durations, 0, durations.length)]! : 0;
  return [
    {
      token: blank,
      duration: Math.max(isTdt ? steps[0]!.duration : 1, 1),
      logProb: (early ? unfusedBlank : tokens[blank]!) + bestDuration,
    },
  ];
}

function bestPairs(tokens: readonly number[], scores: StepScores, options: MalsdOptions): Candidate[] {
  const pairs = tokens.flatMap((token) =>
    options.durations.map((_, duration) => step(token, duration, scores, options)),
  );
  return topIndices(
    pairs.map(({ logProb }) => logProb),
    options.beamSize,
  ).map((index) => pairs[index]!);
}

/** Frames a step moves: RNNT's blank one, its tokens none; a blank of TDT at least one. */
function step(
  token: number,
  durationIndex: number,
  { tokens, durations: scores }: StepScores,
  { blank, durations }: MalsdOptions,
): Candidate {
  if (durationIndex < 0) return { token, duration: token === blank ? 1 : 0, logProb: tokens[token]! };
  const duration = durations[durationIndex]!;
  return {
    token,
    duration: token === blank ? Math.max(duration, 1) : duration,
    logProb: tokens[token]! + scores[durationIndex]!,
  };
}

function take<State>({ path, candidate, score }: Step<State>, { blank, durations }: MalsdOptions): BatchPath<State> {
  if (!candidate) return { ...path, score };
  const { token, duration, logProb } = candidate;
  if (token === blank) return { ...path, score, frame: path.frame + duration, numAtFrame: 0 };
  const emission = { token, frame: path.frame, duration: durations.length > 0 ? duration : 1, logProb };
  const placed: Placed = { emission, timestep: path.frame, before: path.placed };
  return {
    prefix: new Prefix(path.prefix, token),
    score,
    placed,
    frame: path.frame + duration,
    numAtFrame: duration > 0 ? 0 : path.numAtFrame + 1,
    fusion: path.fusion?.after(token),
  };
}
