/**
 * Feature normalisation, NeMo's `normalize_batch` (nemo/collections/asr/parts/preprocessing/features.py).
 *
 * Means and (unbiased) deviations are over the valid frames only; 1e-5 is added to the deviation, not to the variance, and not at
 * all for fixed statistics. One single frame has no deviation: NeMo takes 0 for it.
 */

/** NeMo's `normalize`; every name it does not know ("NA", "None", null) means `'none'`. */
export type Normalization =
  | 'per_feature'
  | 'all_features'
  | { readonly fixedMean: readonly number[]; readonly fixedStd: readonly number[] }
  | 'none';

const STD_GUARD = 1e-5; // CONSTANT in NeMo's features.py

/** Normalises `data`, row-major [numFeatures, numFrames], in place. */
export function normalizeFeatures(data: Float32Array, numFeatures: number, normalization: Normalization): void {
  if (normalization === 'none' || data.length === 0) return;
  if (normalization === 'all_features') {
    standardize(data);
    return;
  }
  const numFrames = data.length / numFeatures;
  for (let feature = 0; feature < numFeatures; feature++) {
    const row = data.subarray(feature * numFrames, (feature + 1) * numFrames);
    if (normalization === 'per_feature') standardize(row);
    else shiftAndScale(row, normalization.fixedMean[feature]!, normalization.fixedStd[feature]!);
  }
}

function standardize(values: Float32Array): void {
  const numValues = values.length;
  let sum = 0;
  for (let i = 0; i < numValues; i++) sum += values[i]!;
  const mean = sum / numValues;
  let squares = 0;
  for (let i = 0; i < numValues; i++) squares += (values[i]! - mean) ** 2;
  shiftAndScale(values, mean, (numValues > 1 ? Math.sqrt(squares / (numValues - 1)) : 0) + STD_GUARD);
}

function shiftAndScale(values: Float32Array, mean: number, deviation: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - mean) / deviation;
}
