/**
 * Greedy CTC with a language model or boosted phrases (NeMo `GreedyBatchedCTCInfer` with fusion models).
 *
 * Where the network alone says blank or a repeat, that stands; only a new token is chosen anew, by all scores, among the tokens that are
 * neither. The fused score goes into the hypothesis' score.
 */
import { FusionState, type WeightedFusion } from './fusion.ts';
import { maxIndex } from './scores.ts';

/** What the next chunk of the same clip needs: the last class, and where the fusion models stand. */
export type FusedState = { readonly lastClass: number; readonly fusion: FusionState | undefined };

/**
 * Best class of each frame and its score, for `decodeCtcGreedy`.
 *
 * @param logProbs [numFrames, vocabulary + 1], blank last
 * @param previous where the chunk before ended
 */
export function chooseCtcFused(
  logProbs: Float32Array,
  numClasses: number,
  fusion: readonly WeightedFusion[],
  previous?: FusedState,
): { readonly ids: Int32Array; readonly best: Float32Array; readonly state: FusedState } {
  const blank = numClasses - 1;
  const numFrames = logProbs.length / numClasses;
  const ids = new Int32Array(numFrames);
  const best = new Float32Array(numFrames);
  let state = previous?.fusion ?? (fusion.length > 0 ? new FusionState(fusion) : undefined);
  let last = previous?.lastClass ?? blank;

  for (let frame = 0; frame < numFrames; frame++) {
    const row = logProbs.subarray(frame * numClasses, (frame + 1) * numClasses);
    let token = maxIndex(row, 0, numClasses);
    let score = row[token]!;
    if (token !== blank && token !== last) {
      const scores = state?.scores;
      score = Number.NEGATIVE_INFINITY;
      for (let other = 0; other < blank; other++) {
        const fusedScore = other === last ? Number.NEGATIVE_INFINITY : row[other]! + (scores?.[other] ?? 0);
        if (fusedScore > score) [token, score] = [other, fusedScore];
      }
      state = state?.after(token);
    }
    ids[frame] = token;
    best[frame] = score;
    last = token;
  }
  return { ids, best, state: { lastClass: last, fusion: state } };
}
