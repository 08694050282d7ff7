/**
 * Confidence of one distribution, and how several become one (NeMo `asr_confidence_utils.py`).
 *
 * Every measure is scaled to 1 for certainty and 0 for a flat distribution over the vocabulary with its blank; Gibbs entropy with an alpha
 * above 1 leaves that range, as it does in NeMo. The method's alpha is a power on the probabilities, not a temperature.
 */
export type ConfidenceMethod = {
  readonly name: 'max_prob' | 'entropy';
  readonly entropyType: 'gibbs' | 'tsallis' | 'renyi';
  readonly alpha: number;
  readonly entropyNorm: 'lin' | 'exp';
};

export type ConfidenceAggregation = 'mean' | 'min' | 'max' | 'prod';

/**
 * @param logProbs log-probabilities that sum to one
 * @param numClasses classes the scale counts: the vocabulary with its blank, for the durations of TDT too
 */
export function confidenceOf(logProbs: ArrayLike<number>, numClasses: number, method: ConfidenceMethod): number {
  if (method.name === 'max_prob') return maxProbability(logProbs, numClasses, method.alpha);
  if (method.alpha === 1) return shannon(logProbs, numClasses, method.entropyNorm);
  const measure = { gibbs, tsallis, renyi }[method.entropyType];
  return measure(logProbs, numClasses, method);
}

/** One confidence for several; `values` must not be empty. */
export function aggregateConfidence(values: readonly number[], how: ConfidenceAggregation): number {
  if (how === 'min') return values.reduce((least, value) => Math.min(least, value));
  if (how === 'max') return values.reduce((most, value) => Math.max(most, value));
  if (how === 'prod') return values.reduce((product, value) => product * value, 1);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function maxProbability(logProbs: ArrayLike<number>, n: number, alpha: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logProbs.length; index++) best = Math.max(best, logProbs[index]!);
  return (Math.exp(best * alpha) * n ** alpha - 1) / (n ** alpha - 1);
}

function shannon(logProbs: ArrayLike<number>, n: number, norm: 'lin' | 'exp'): number {
  const negativeEntropy = powerSum(logProbs, 1, true);
  return norm === 'lin' ? 1 + negativeEntropy / Math.log(n) : (Math.exp(negativeEntropy) * n - 1) / (n - 1);
}

function gibbs(logProbs: ArrayLike<number>, n: number, { alpha, entropyNorm }: ConfidenceMethod): number {
  const negativeEntropy = powerSum(logProbs, alpha, true);
  if (entropyNorm === 'lin') return 1 + negativeEntropy / Math.log(n) / n ** (1 - alpha);
  const flat = n ** (-alpha * n ** (1 - alpha));
  return (Math.exp(negativeEntropy * alpha) - flat) / (1 - flat);
}

function tsallis(logProbs: ArrayLike<number>, n: number, { alpha, entropyNorm }: ConfidenceMethod): number {
  const sum = powerSum(logProbs, alpha, false);
  if (entropyNorm === 'lin') return 1 + (1 - sum) / (n ** (1 - alpha) - 1);
  const flat = Math.exp((1 - n ** (1 - alpha)) / (1 - alpha));
  return (Math.exp((1 - sum) / (1 - alpha)) - flat) / (1 - flat);
}

function renyi(logProbs: ArrayLike<number>, n: number, { alpha, entropyNorm }: ConfidenceMethod): number {
  const sum = powerSum(logProbs, alpha, false);
  if (entropyNorm === 'lin') return 1 + Math.log2(sum) / (alpha - 1) / Math.log2(n);
  return (sum ** (1 / (alpha - 1)) * n - 1) / (n - 1);
}

/** Σ p^alpha, or Σ p^alpha · ln p. A probability of zero adds nothing. */
function powerSum(logProbs: ArrayLike<number>, alpha: number, weighted: boolean): number {
  let sum = 0;
  for (let index = 0; index < logProbs.length; index++) {
    const logProb = logProbs[index]!;
    if (logProb === Number.NEGATIVE_INFINITY) continue;
    sum += Math.exp(logProb * alpha) * (weighted ? logProb : 1);
  }
  return sum;
}
