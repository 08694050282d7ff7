/**
 * Alignment-length synchronous beam search of RNNT (NeMo strategy `alsd`, `BeamRNNTInfer.align_length_sync_decoding`; Saon et al. 2020).
 *
 * Paths of one round have the same number of frames plus tokens. NeMo's `timestamp` counts that sum, not frames; the emissions have frames.
 */
import type { BeamNetwork } from './beam-network.ts';
import { type BeamOptions, BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import { logAddExp, topIndices } from './scores.ts';

export async function decodeTransducerAlsd<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: BeamOptions & {
    /** Longest text, in tokens per encoder frame. */
    readonly maxTargetLength: number;
  },
): Promise<BeamReading[]> {
  const { blank, scoreNorm } = options;
  const beam = Math.min(options.beamSize, blank);
  const numRounds = numFrames + Math.trunc(options.maxTargetLength * numFrames);
  let paths: BeamPath<State>[] = [BeamPath.start<State>(blank)];
  const finals: BeamPath<State>[] = [];

  for (let round = 0; round < numRounds; round++) {
    const active = paths.filter(({ prefix }) => round - prefix.length < numFrames);
    if (active.length === 0) break;
    const frames = active.map(({ prefix }) => round - prefix.length);
    const scores = await network.scores(
      active.map(({ prefix }) => prefix),
      frames,
    );
    const candidates: BeamPath<State>[] = [];
    active.forEach((path, index) => {
      const { tokens } = scores[index]!;
      const frame = frames[index]!;
      const taken = path.step(blank, tokens, options);
      const blanked = path.continued({ score: path.score + tokens[blank]!, taken });
      candidates.push(blanked);
      if (frame === numFrames - 1) finals.push(blanked);
      for (const token of topIndices(tokens, beam, blank)) {
        const emission = { token, frame, duration: 1, logProb: tokens[token]! };
        const score = path.score + tokens[token]!;
        candidates.push(path.extended(emission, { score, timestep: round, taken: path.step(token, tokens, options) }));
      }
    });
    paths = recombine(byScore(candidates).slice(0, beam));
  }
  return toReadings(finals.length > 0 ? finals : paths, scoreNorm && finals.length > 0);
}

/** Adds the probability of later paths to the first of the same text. */
function recombine<State>(paths: readonly BeamPath<State>[]): BeamPath<State>[] {
  const kept: BeamPath<State>[] = [];
  for (const path of paths) {
    const same = kept.find(({ prefix }) => prefix.equals(path.prefix));
    if (same) same.score = logAddExp(same.score, path.score);
    else kept.push(path);
  }
  return kept;
}
