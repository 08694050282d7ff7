/** Arithmetic on rows of scores, without allocation: these run once a decoding step. */

/** Index of the first maximum in [from, to). */
export function maxIndex(values: ArrayLike<number>, from: number, to: number): number {
  let best = from;
  for (let index = from + 1; index < to; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

/** log Σ exp(values), computed around the maximum. */
export function logSumExp(values: ArrayLike<number>): number {
  const maximum = values[maxIndex(values, 0, values.length)]!;
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += Math.exp(values[index]! - maximum);
  return maximum + Math.log(sum);
}

/** log(exp(a) + exp(b)). */
export function logAddExp(a: number, b: number): number {
  const maximum = Math.max(a, b);
  return maximum === Number.NEGATIVE_INFINITY ? maximum : maximum + Math.log1p(Math.exp(Math.min(a, b) - maximum));
}

/** Log-probabilities of `logits[from, to)` by themselves, after dividing by `temperature`. */
export function logSoftmax(logits: Float32Array, from = 0, to: number = logits.length, temperature = 1): Float32Array {
  const result = logits.slice(from, to);
  if (temperature !== 1) for (let index = 0; index < result.length; index++) result[index]! /= temperature;
  const total = logSumExp(result);
  for (let index = 0; index < result.length; index++) result[index]! -= total;
  return result;
}

/** Indices of the `count` greatest values in [0, to), best first; of equal ones the earlier wins. */
export function topIndices(values: ArrayLike<number>, count: number, to: number = values.length): number[] {
  const best: number[] = [];
  for (let index = 0; index < to; index++) {
    const value = values[index]!;
    if (best.length === count && !(value > values[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && value > values[best[at - 1]!]!) at--;
    best.splice(at, 0, index);
    if (best.length > count) best.pop();
  }
  return best;
}
