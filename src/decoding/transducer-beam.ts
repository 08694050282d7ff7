/**
 * Beam search of RNNT after Graves (NeMo strategy `beam`, `BeamRNNTInfer.default_beam_search`; paper arXiv 1211.3711).
 *
 * Paths of the same text are not merged, so the n-best list names one text several times, once an alignment. NeMo does so too.
 */
import type { BeamNetwork, StepScores } from './beam-network.ts';
import { type BeamOptions, BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import type { Prefix } from './prefix.ts';
import { topIndices } from './scores.ts';

export async function decodeTransducerBeam<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: BeamOptions,
): Promise<BeamReading[]> {
  const { blank, scoreNorm } = options;
  const beam = Math.min(options.beamSize, blank);
  const numTokens = Math.min(beam, blank - 1);
  let kept: BeamPath<State>[] = [BeamPath.start<State>(blank)];

  for (let frame = 0; frame < numFrames; frame++) {
    const open = kept;
    const known = new Map(open.map(({ prefix }) => [prefix.key, prefix]));
    kept = [];
    while (true) {
      const best = takeBest(open);
      shareState(best.prefix, known);
      const [{ tokens }] = (await network.scores([best.prefix], [frame])) as [StepScores];
      for (const token of topIndices(tokens, numTokens, blank)) {
        const logProb = tokens[token]!;
        const taken = best.step(token, tokens, options);
        open.push(best.extended({ token, frame, duration: 1, logProb }, { score: best.score + logProb, taken }));
      }
      const taken = best.step(blank, tokens, options);
      kept.push(best.continued({ score: best.score + tokens[blank]!, taken }));

      const settled = settledPaths(kept, open, beam);
      if (settled) {
        kept = settled;
        break;
      }
    }
  }
  return toReadings(kept, scoreNorm);
}

/** The paths better than any that is still open, once they fill the beam; worst first, as NeMo keeps them. */
export function settledPaths<State>(
  kept: readonly BeamPath<State>[],
  open: readonly BeamPath<State>[],
  beam: number,
): BeamPath<State>[] | undefined {
  const next = open.reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const ahead = kept.filter(({ score }) => score > next);
  return ahead.length >= beam ? byScore(ahead).reverse() : undefined;
}

/** Takes the best path out of the list. */
export function takeBest<State>(paths: BeamPath<State>[]): BeamPath<State> {
  let at = 0;
  for (let index = 1; index < paths.length; index++) if (paths[index]!.score > paths[at]!.score) at = index;
  return paths.splice(at, 1)[0]!;
}

/** Equal prefixes of one frame share one prediction. */
export function shareState<State>(prefix: Prefix<State>, known: Map<number, Prefix<State>>): void {
  const same = known.get(prefix.key);
  if (same?.state && same.length === prefix.length) prefix.state ??= same.state;
  else known.set(prefix.key, prefix);
}
