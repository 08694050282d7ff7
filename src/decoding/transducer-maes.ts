/**
 * Modified adaptive expansion search of RNNT (NeMo strategy `maes`; paper: Kim et al., "Accelerating RNN Transducer Inference via Adaptive
 * Expansion Search").
 *
 * Expansions that repeat a path of the frame's beginning are dropped: the prefix search has already given that path their probability.
 */
import type { BeamNetwork } from './beam-network.ts';
import { type BeamOptions, BeamPath, type BeamReading, byScore, toReadings } from './beam-path.ts';
import { FusionCursor } from './fusion-cursor.ts';
import type { WeightedFusion } from './fusion.ts';
import { type Prefix, extendKey } from './prefix.ts';
import { logAddExp, topIndices } from './scores.ts';

export type MaesOptions = BeamOptions & {
  /** Tokens a frame may emit, at least 2. */
  readonly numSteps: number;
  /** How many tokens shorter a path may be to count as prefix of another. */
  readonly prefixAlpha: number;
  /** Candidates more than this below the best are dropped. */
  readonly expansionGamma: number;
  /** Candidates in addition to the beam. */
  readonly expansionBeta: number;
  readonly fusion?: WeightedFusion | undefined;
  /** Weight of a HAT joint's internal language model, subtracted wherever `fusion` is added; undefined: not asked. */
  readonly internalWeight?: number | undefined;
};

export async function decodeTransducerMaes<State>(
  network: BeamNetwork<State>,
  numFrames: number,
  options: MaesOptions,
): Promise<BeamReading[]> {
  const { blank, scoreNorm, numSteps, expansionGamma } = options;
  const cursor = new FusionCursor<State>(options.fusion);
  const beam = Math.min(options.beamSize, blank);
  const numCandidates = options.beamSize + options.expansionBeta;
  /** What language models say about a token after each prefix: the external one, less the joint's own. */
  const externalScores = async (prefixes: readonly Prefix<State>[]): Promise<((token: number) => number)[]> => {
    const weight = options.fusion && options.internalWeight;
    const internal = weight === undefined ? undefined : await network.internalScores(prefixes);
    return prefixes.map((prefix, index) => (token) => {
      const own = internal ? weight! * internal[index]![token]! : 0;
      return cursor.score(prefix, token) - own;
    });
  };
  let kept: BeamPath<State>[] = [BeamPath.start<State>(blank)];

  for (let frame = 0; frame < numFrames; frame++) {
    let paths = [...kept].sort((a, b) => b.prefix.length - a.prefix.length);
    await addPrefixScores(paths, options.prefixAlpha, async (prefix, token) => {
      const [scores] = await network.scores([prefix], [frame]);
      const [external] = await externalScores([prefix]);
      return scores!.tokens[token]! + external!(token);
    });
    const known = new Set(paths.map(({ prefix }) => prefix.key));
    const blanked: BeamPath<State>[] = [];

    for (let step = 0; step < numSteps; step++) {
      const scores = await network.scores(
        paths.map(({ prefix }) => prefix),
        paths.map(() => frame),
      );
      const external = await externalScores(paths.map(({ prefix }) => prefix));
      const expanded: BeamPath<State>[] = [];
      paths.forEach((path, index) => {
        const { tokens } = scores[index]!;
        const candidates = topIndices(tokens, numCandidates);
        const least = tokens[candidates[0]!]! - expansionGamma;
        // Worst first, as NeMo sorts them: it decides between equal paths later on.
        for (const token of candidates.filter((candidate) => tokens[candidate]! >= least).reverse()) {
          const score = path.score + tokens[token]!;
          const taken = path.step(token, tokens, options);
          if (token === blank) blanked.push(path.continued({ score, taken }));
          else if (!known.has(extendKey(path.prefix.key, token))) {
            const emission = { token, frame, duration: 1, logProb: tokens[token]! };
            expanded.push(path.extended(emission, { score: score + external[index]!(token), taken }));
          }
        }
      });
      if (expanded.length === 0) {
        kept = byScore(blanked).slice(0, beam);
        break;
      }
      if (step < numSteps - 1) {
        paths = expanded;
        continue;
      }
      const last = await network.scores(
        expanded.map(({ prefix }) => prefix),
        expanded.map(() => frame),
      );
      expanded.forEach((path, index) => {
        path.score += last[index]!.tokens[blank]!;
      });
      kept = byScore([...blanked, ...expanded]).slice(0, beam);
    }
  }
  return toReadings(kept, scoreNorm);
}

/** Gives each path the probability of reaching it in this frame from a path that is its prefix. `paths`: longest first. */
export async function addPrefixScores<State>(
  paths: readonly BeamPath<State>[],
  prefixAlpha: number,
  scoreOf: (prefix: Prefix<State>, token: number) => Promise<number>,
): Promise<void> {
  for (const [index, path] of paths.entries()) {
    for (const shorter of paths.slice(index + 1)) {
      const missing = path.prefix.length - shorter.prefix.length;
      if (missing < 1 || missing > prefixAlpha || !path.prefix.ancestor(missing).equals(shorter.prefix)) continue;
      let score = shorter.score;
      for (let left = missing; left > 0; left--) {
        score += await scoreOf(path.prefix.ancestor(left), path.prefix.ancestor(left - 1).token);
      }
      path.score = logAddExp(path.score, score);
    }
  }
}
