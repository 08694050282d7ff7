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
