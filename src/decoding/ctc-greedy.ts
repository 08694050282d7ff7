/**
 * Greedy CTC decoding: best class a frame, repeats collapsed, blanks dropped (NeMo `GreedyCTCInfer`, `ctc_decoding.py`).
 *
 * The score is NeMo's: the sum of the best log-probabilities over all frames whose best class is not the blank, repeats included.
 */
import type { Emission } from '../base/emission.ts';

export type CtcDecoded = {
  readonly emissions: readonly Emission[];
  readonly score: number;
  /** Frames whose best class is not the blank: NeMo's `timestep`. */
  readonly nonBlankFrames: readonly number[];
};

/** What a piecewise decoder carries from chunk to chunk: the class of the last frame. */
export type CtcState = { readonly lastClass: number; readonly frame: number };

export const CTC_START: CtcState = { lastClass: -1, frame: 0 };

/**
 * @param ids best class of every frame
 * @param best its log-probability
 * @param blank class of the blank, the last one
 * @param state where the previous chunk ended; frames of the emissions count from the first chunk's start
 */
export function decodeCtcGreedy(
  ids: ArrayLike<number>,
  best: ArrayLike<number>,
  blank: number,
  state: CtcState = CTC_START,
): CtcDecoded & { readonly state: CtcState } {
  const emissions: Emission[] = [];
  const nonBlankFrames: number[] = [];
  let { lastClass } = state;
  let score = 0;

  for (let index = 0; index < ids.length; index++) {
    const token = ids[index]!;
    if (token !== blank) {
      const frame = state.frame + index;
      nonBlankFrames.push(frame);
      score += best[index]!;
      if (token !== lastClass) emissions.push({ token, frame, duration: 1, logProb: best[index]! });
    }
    lastClass = token;
  }
  return { emissions, score, nonBlankFrames, state: { lastClass, frame: state.frame + ids.length } };
}
