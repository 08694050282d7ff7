/**
 * The most likely way of given tokens through the frames of a CTC model (NeMo `aligner_utils.viterbi_decoding`).
 *
 * States are the tokens with a blank before, between and after them. Sums are float32 and the first of equal candidates wins, as in torch.
 */

const NEVER = -3.4e38; // NeMo's padding value

const { fround } = Math;

export type CtcScores = {
  /** Log-probabilities, [numFrames, numClasses], the blank last. */
  readonly logProbs: Float32Array;
  readonly numFrames: number;
  readonly numClasses: number;
};

/** Tokens with a blank around each. */
export function withBlanks(tokens: readonly number[], blank: number): number[] {
  return [blank, ...tokens.flatMap((token) => [token, blank])];
}

/**
 * The state that every frame stands in; it never falls.
 *
 * @param states classes, from `withBlanks`. Where they need more frames than there are, the way begins in the middle of them, as in NeMo.
 */
export function alignStates({ logProbs, numFrames, numClasses }: CtcScores, states: readonly number[]): Int32Array {
  const numStates = states.length;
  const steps = new Uint8Array(numFrames * numStates);
  let best = new Float32Array(numStates).fill(NEVER);
  let next = new Float32Array(numStates);
  for (let state = 0; state < Math.min(2, numStates); state++) best[state] = logProbs[states[state]!]!;

  for (let frame = 1; frame < numFrames; frame++) {
    const row = frame * numClasses;
    for (let state = 0; state < numStates; state++) {
      const emitted = logProbs[row + states[state]!]!;
      // A blank may be skipped, but not between two equal tokens, and no token is.
      const skips = state > 1 && states[state] !== states[state - 2];
      const candidates = [best[state]!, state > 0 ? best[state - 1]! : NEVER, skips ? best[state - 2]! : NEVER];
      let step = 0;
      let value = fround(candidates[0]! + emitted);
      for (let back = 1; back < 3; back++) {
        const other = fround(candidates[back]! + emitted);
        if (other > value) [step, value] = [back, other];
      }
      next[state] = value;
      steps[frame * numStates + state] = step;
    }
    [best, next] = [next, best];
  }

  const path = new Int32Array(numFrames);
  let state = numStates === 1 || best[numStates - 2]! < best[numStates - 1]! ? numStates - 1 : numStates - 2;
  for (let frame = numFrames - 1; frame >= 0; frame--) {
    path[frame] = state;
    state -= steps[frame * numStates + state]!;
  }
  return path;
}
