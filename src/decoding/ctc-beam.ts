/**
 * Beam search of CTC over alignments (NeMo strategy `beam_batch`, `BatchedBeamCTCComputer`).
 *
 * Paths of the same text and last class become one with the better score of the two (not the sum: NeMo takes the maximum here). `beamBeta` is
 * paid for every new token, and fusion models score new tokens only.
 */
import type { BeamReading, Placed } from './beam-path.ts';
import { toReadings } from './beam-path.ts';
import { FusionState, type WeightedFusion } from './fusion.ts';
import { Prefix } from './prefix.ts';
import { topIndices } from './scores.ts';

export type CtcBeamOptions = {
  readonly beamSize: number;
  /** Added for every token. */
  readonly beamBeta: number;
  /** Paths this much below the best are dropped. */
  readonly beamThreshold: number;
  readonly fusion: readonly WeightedFusion[];
};

type Path = {
  readonly prefix: Prefix<never>;
  /** Class of the last frame, the blank included. */
  readonly lastClass: number;
  readonly score: number;
  readonly placed: Placed | undefined;
  readonly fusion: FusionState | undefined;
};

/** Readings, best first. @param logProbs [numFrames, vocabulary + 1], blank last */
export function decodeCtcBeam(logProbs: Float32Array, numClasses: number, options: CtcBeamOptions): BeamReading[] {
  const { beamSize, beamBeta, beamThreshold, fusion } = options;
  const blank = numClasses - 1;
  const start = new Prefix<never>(undefined, -1);
  let paths: Path[] = [
    {
      prefix: start,
      lastClass: -1,
      score: 0,
      placed: undefined,
      fusion: fusion.length > 0 ? new FusionState(fusion) : undefined,
    },
  ];

  for (let frame = 0; frame * numClasses < logProbs.length; frame++) {
    const row = logProbs.subarray(frame * numClasses, (frame + 1) * numClasses);
    const scores = new Float32Array(paths.length * numClasses);
    paths.forEach((path, index) => {
      const fused = path.fusion?.scores;
      const at = index * numClasses;
      for (let token = 0; token < numClasses; token++) {
        const isNew = token !== blank && token !== path.lastClass;
        scores[at + token] = row[token]! + path.score + (isNew ? beamBeta + (fused?.[token] ?? 0) : 0);
      }
    });
    const order = topIndices(scores, beamSize);
    const least = scores[order[0]!]! - beamThreshold;
    const next = order
      .filter((at) => scores[at]! > least)
      .map((at) =>
        extend(paths[Math.floor(at / numClasses)]!, at % numClasses, {
          blank,
          frame,
          score: scores[at]!,
          logProb: row[at % numClasses]!,
        }),
      );
    paths = beamSize > 1 ? keepBest(next) : next;
  }
  const ended = paths.map((path) => ({ ...path, frame: 0, score: path.score + (path.fusion?.final ?? 0) }));
  return toReadings(ended, false);
}

type Choice = { readonly blank: number; readonly frame: number; readonly score: number; readonly logProb: number };

function extend(path: Path, token: number, { blank, frame, score, logProb }: Choice): Path {
  if (token === blank || token === path.lastClass) return { ...path, lastClass: token, score };
  const emission = { token, frame, duration: 1, logProb };
  return {
    prefix: new Prefix(path.prefix, token),
    lastClass: token,
    score,
    placed: { emission, timestep: frame, before: path.placed },
    fusion: path.fusion?.after(token),
  };
}

function keepBest(paths: readonly Path[]): Path[] {
  const kept = new Map<string, Path>();
  for (const path of paths) {
    const name = `${path.lastClass}:${path.prefix.length}:${path.prefix.key}`;
    const same = kept.get(name);
    if (!same || path.score > same.score) kept.set(name, path);
  }
  return [...kept.values()];
}
