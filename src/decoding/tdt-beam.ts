/**
 * Beam search of TDT (NeMo strategy `beam`, `BeamTDTInfer.default_beam_search`).
 *
 * A path waits at the frame it jumped to. NeMo's `timestamp` holds the frame where a token ends; the emissions start where it was heard.
 */
import type { BeamNetwork, StepScores } from './beam-network.ts';
import { type BeamOptions, BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import { logAddExp, topIndices } from './scores.ts';
import { settledPaths, shareState, takeBest } from './transducer-beam.ts';

export async function decodeTdtBeam<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: BeamOptions,
): Promise<BeamReading[]> {
  const { blank, durations, scoreNorm } = options;
  const beam = Math.min(options.beamSize, blank);
  const numTokens = Math.min(beam, blank - 1);
  let kept: BeamPath<State>[] = [BeamPath.start<State>(blank)];

  for (let frame = 0; frame < numFrames; frame++) {
    const open = kept.filter((path) => path.frame === frame);
    const known = new Map(open.map(({ prefix }) => [prefix.key, prefix]));
    kept = kept.filter((path) => path.frame > frame);
    while (open.length > 0) {
      const best = takeBest(open);
      shareState(best.prefix, known);
      const [scores] = (await network.scores([best.prefix], [frame])) as [StepScores];
      const bestDurations = topIndices(scores.durations, Math.min(beam, durations.length));
      for (const { token, duration, logProb } of bestPairs(scores, { numTokens, bestDurations, blank })) {
        const frames = durations[duration]!;
        const emission = { token, frame, duration: frames, logProb };
        const next = best.extended(emission, {
          score: best.score + logProb,
          timestep: frame + frames,
          frame: frame + frames,
        });
        (frames === 0 ? open : kept).push(next);
      }
      for (const duration of blankDurations(bestDurations, durations)) {
        const score = best.score + scores.tokens[blank]! + scores.durations[duration]!;
        kept.push(best.continued({ score, frame: frame + durations[duration]! }));
      }
      kept = mergeEqual(kept);

      if (open.length === 0) {
        kept = byScore(kept).slice(0, beam);
        break;
      }
      const settled = settledPaths(kept, open, beam);
      if (settled) {
        kept = settled;
        break;
      }
    }
  }
  return toReadings(kept, scoreNorm);
}

type Pair = { readonly token: number; readonly duration: number; readonly logProb: number };

/** The best pairs of a token and a duration class, by their joint probability. */
function bestPairs(
  { tokens, durations }: StepScores,
  {
    numTokens,
    bestDurations,
    blank,
  }: { readonly numTokens: number; readonly bestDurations: readonly number[]; readonly blank: number },
): Pair[] {
  const pairs = bestDurations.flatMap((duration) =>
    topIndices(tokens, numTokens, blank).map(
      (token): Pair => ({ token, duration, logProb: tokens[token]! + durations[duration]! }),
    ),
  );
  return topIndices(
    pairs.map(({ logProb }) => logProb),
    numTokens,
  ).map((index) => pairs[index]!);
}

/** A blank must move: duration 0 is left out, or becomes the shortest other one where nothing else was considered. */
function blankDurations(considered: readonly number[], durations: readonly number[]): number[] {
  const moving = considered.filter((index) => durations[index] !== 0);
  return moving.length > 0 ? moving : [shortestMove(durations)];
}

/** Class of the shortest duration that is not zero. */
export function shortestMove(durations: readonly number[]): number {
  let best = -1;
  durations.forEach((duration, index) => {
    if (duration > 0 && (best < 0 || duration < durations[best]!)) best = index;
  });
  return best;
}

/** Adds up paths of the same text that stand at the same frame; best first. */
export function mergeEqual<State>(paths: readonly BeamPath<State>[]): BeamPath<State>[] {
  const kept = new Map<string, BeamPath<State>>();
  for (const path of byScore(paths)) {
    const name = `${path.frame}:${path.prefix.length}:${path.prefix.key}`;
    const same = kept.get(name);
    if (same) same.score = logAddExp(same.score, path.score);
    else kept.set(name, path);
  }
  return [...kept.values()];
}
