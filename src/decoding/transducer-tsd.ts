/**
 * Time-synchronous beam search of RNNT (NeMo strategy `tsd`, `BeamRNNTInfer.time_sync_decoding`; Saon et al., ICASSP 2020).
 *
 * Every frame expands the beam a fixed number of times, and paths of the same text become one with the sum of their probabilities.
 */
import type { BeamNetwork } from './beam-network.ts';
import { type BeamOptions, BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import { logAddExp, topIndices } from './scores.ts';

export async function decodeTransducerTsd<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: BeamOptions & { readonly maxExpansions: number },
): Promise<BeamReading[]> {
  const { blank, scoreNorm, maxExpansions } = options;
  const beam = Math.min(options.beamSize, blank);
  let paths: BeamPath<State>[] = [BeamPath.start<State>(blank)];

  for (let frame = 0; frame < numFrames; frame++) {
    const finished: BeamPath<State>[] = [];
    let current = paths;
    for (let round = 0; round < maxExpansions; round++) {
      const scores = await network.scores(
        current.map(({ prefix }) => prefix),
        current.map(() => frame),
      );
      const before = finished.length; // paths of this round are not merged with each other
      current.forEach((path, index) => {
        const score = path.score + scores[index]!.tokens[blank]!;
        const same = finished.slice(0, before).find(({ prefix }) => prefix.equals(path.prefix));
        if (same) same.score = logAddExp(same.score, score);
        else {
          const taken = path.step(blank, scores[index]!.tokens, options);
          finished.push(path.continued({ score, taken }));
        }
      });
      const expanded = current.flatMap((path, index) => {
        const { tokens } = scores[index]!;
        return topIndices(tokens, beam, blank).map((token) =>
          path.extended(
            { token, frame, duration: 1, logProb: tokens[token]! },
            { score: path.score + tokens[token]!, taken: path.step(token, tokens, options) },
          ),
        );
      });
      current = byScore(expanded).slice(0, beam);
    }
    paths = byScore(finished).slice(0, beam);
  }
  return toReadings(paths, scoreNorm);
}
