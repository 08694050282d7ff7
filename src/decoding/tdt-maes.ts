/**
 * Modified adaptive expansion search of TDT (NeMo strategy `maes`, `BeamTDTInfer.modified_adaptive_expansion_search`).
 *
 * Only tokens of duration 0 are expanded further within a frame; the others wait at the frame they jump to. As in `tdt-beam.ts`, NeMo's
 * `timestamp` is the frame where a token ends.
 */
import type { BeamNetwork } from './beam-network.ts';
import { BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import { FusionCursor } from './fusion-cursor.ts';
import { maxIndex, topIndices } from './scores.ts';
import { mergeEqual, shortestMove } from './tdt-beam.ts';
import { type MaesOptions, addPrefixScores } from './transducer-maes.ts';

export async function decodeTdtMaes<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: MaesOptions,
): Promise<BeamReading[]> {
  const { blank, durations, scoreNorm, numSteps, expansionGamma } = options;
  const cursor = new FusionCursor<State>(options.fusion);
  const beam = Math.min(options.beamSize, blank);
  const numCandidates = options.beamSize + options.expansionBeta;
  const zero = durations.indexOf(0);
  const shortest = shortestMove(durations);
  let kept: BeamPath<State>[] = [BeamPath.start<State>(blank)];

  for (let frame = 0; frame < numFrames; frame++) {
    let paths = kept.filter((path) => path.frame === frame);
    kept = kept.filter((path) => path.frame > frame);
    if (paths.length === 0) continue;
    if (zero >= 0) {
      paths.sort((a, b) => b.prefix.length - a.prefix.length);
      await addPrefixScores(paths, options.prefixAlpha, async (prefix, token) => {
        const [scores] = await network.scores([prefix], [frame]);
        return scores!.tokens[token]! + scores!.durations[zero]! + cursor.score(prefix, token);
      });
    }

    const moved: BeamPath<State>[] = []; // blanks
    const ended: BeamPath<State>[] = []; // tokens that jump
    for (let step = 0; step < numSteps; step++) {
      const scores = await network.scores(
        paths.map(({ prefix }) => prefix),
        paths.map(() => frame),
      );
      const staying: BeamPath<State>[] = [];
      paths.forEach((path, index) => {
        const { tokens, durations: durationScores } = scores[index]!;
        const best = topIndices(tokens, numCandidates);
        const pairs = durations.flatMap((_, duration) =>
          best.map((token) => ({ token, duration, logProb: tokens[token]! + durationScores[duration]! })),
        );
        const order = topIndices(
          pairs.map(({ logProb }) => logProb),
          numCandidates,
        );
        const least = pairs[order[0]!]!.logProb - expansionGamma;
        for (const { token, duration, logProb } of order
          .map((at) => pairs[at]!)
          .filter((pair) => pair.logProb >= least)) {
          const isBlank = token === blank;
          const frames = durations[isBlank && durations[duration] === 0 ? shortest : duration]!;
          const score = path.score + logProb;
          if (isBlank) {
            moved.push(path.continued({ score, frame: path.frame + frames }));
            continue;
          }
          const next = path.extended(
            { token, frame, duration: frames, logProb },
            {
              score: score + cursor.score(path.prefix, token),
              timestep: frame + frames,
              frame: path.frame + frames,
            },
          );
          (frames === 0 ? staying : ended).push(next);
        }
      });

      if (staying.length > 0 && step < numSteps - 1) {
        paths = mergeEqual(staying);
        continue;
      }
      if (staying.length > 0) {
        const last = await network.scores(
          staying.map(({ prefix }) => prefix),
          staying.map(() => frame),
        );
        staying.forEach((path, index) => {
          const { tokens, durations: durationScores } = last[index]!;
          const likeliest = maxIndex(durationScores, 0, durationScores.length);
          const duration = likeliest === zero ? shortest : likeliest;
          path.score += tokens[blank]! + durationScores[duration]!;
          path.frame += durations[duration]!;
        });
      }
      kept = byScore(mergeEqual([...kept, ...moved, ...staying, ...ended])).slice(0, beam);
      break;
    }
  }
  return toReadings(kept, scoreNorm);
}
