/**
 * Mel filterbanks: librosa's (Slaney scale, NeMo's mel front end) and torchaudio's (HTK scale, NeMo's MFCC).
 *
 * A checkpoint stores the bank NeMo used (`preprocessor.featurizer.fb`): take that where it is there. Filters are triangles, so each
 * row has one short run of non-zero weights; `SparseFilterbank` keeps only those runs (some 500 of 80 x 257 numbers).
 */

export type MelScale = 'slaney' | 'htk';

export type MelFilterbankOptions = {
  /** Hz. */
  readonly sampleRate: number;
  readonly nFft: number;
  readonly numMels: number;
  /** Hz. */
  readonly lowFreq: number;
  /** Hz. */
  readonly highFreq: number;
  readonly scale: MelScale;
  /** `'slaney'` gives every filter the same area, null the same height. */
  readonly norm: 'slaney' | null;
};

/** Row-major [numMels, nFft / 2 + 1], as `librosa.filters.mel` or `torchaudio.functional.melscale_fbanks` (transposed) make it. */
export function makeMelFilterbank(options: MelFilterbankOptions): Float32Array {
  const { sampleRate, nFft, numMels, lowFreq, highFreq, scale, norm } = options;
  const numBins = Math.floor(nFft / 2) + 1;
  const low = hzToMel(lowFreq, scale);
  const high = hzToMel(highFreq, scale);
  const edges = Array.from({ length: numMels + 2 }, (_, i) => melToHz(low + ((high - low) * i) / (numMels + 1), scale));
  const bank = new Float32Array(numMels * numBins);
  for (let mel = 0; mel < numMels; mel++) {
    const [left, centre, right] = [edges[mel]!, edges[mel + 1]!, edges[mel + 2]!];
    const gain = norm === 'slaney' ? 2 / (right - left) : 1;
    for (let bin = 0; bin < numBins; bin++) {
      const hz = (bin * sampleRate) / nFft;
      const weight = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
      // Rounded twice, as librosa does: the triangle to float32, then its product with the gain.
      if (weight > 0) bank[mel * numBins + bin] = Math.fround(weight) * gain;
    }
  }
  return bank;
}

/** A filterbank whose rows are cut to their non-zero run. */
export class SparseFilterbank {
  readonly numMels: number;
  readonly numBins: number;
  /** First bin of every row's run. */
  readonly #firstBin: Int32Array;
  /** Where every row's run starts in `#weights`; one more entry than rows. */
  readonly #start: Int32Array;
  readonly #weights: Float64Array;

  /** @param bank row-major [numMels, numBins] */
  constructor(bank: Float32Array, numMels: number, numBins: number) {
    this.numMels = numMels;
    this.numBins = numBins;
    this.#firstBin = new Int32Array(numMels);
    this.#start = new Int32Array(numMels + 1);
    const weights: number[] = [];
    for (let mel = 0; mel < numMels; mel++) {
      const row = bank.subarray(mel * numBins, (mel + 1) * numBins);
      const first = row.findIndex((weight) => weight !== 0);
      const last = row.findLastIndex((weight) => weight !== 0);
      if (first >= 0) weights.push(...row.subarray(first, last + 1));
      this.#firstBin[mel] = Math.max(first, 0);
      this.#start[mel + 1] = weights.length;
    }
    this.#weights = Float64Array.from(weights);
  }

  /** `bank · spectrum` into `mels`. */
  apply(spectrum: Float64Array, mels: Float64Array): void {
    const weights = this.#weights;
    for (let mel = 0, at = 0; mel < this.numMels; mel++) {
      const end = this.#start[mel + 1]!;
      let sum = 0;
      for (let bin = this.#firstBin[mel]!; at < end; at++, bin++) sum += weights[at]! * spectrum[bin]!;
      mels[mel] = sum;
    }
  }
}

/** Slaney's scale: linear below 1 kHz (15 mels), 27 mels per factor of 6.4 above. */
const SLANEY_HZ_PER_MEL = 200 / 3;
const SLANEY_LOG_FROM_HZ = 1000;
const SLANEY_LOG_FROM_MEL = SLANEY_LOG_FROM_HZ / SLANEY_HZ_PER_MEL;
const SLANEY_LOG_STEP = Math.log(6.4) / 27;

function hzToMel(hz: number, scale: MelScale): number {
  if (scale === 'htk') return 2595 * Math.log10(1 + hz / 700);
  if (hz < SLANEY_LOG_FROM_HZ) return hz / SLANEY_HZ_PER_MEL;
  return SLANEY_LOG_FROM_MEL + Math.log(hz / SLANEY_LOG_FROM_HZ) / SLANEY_LOG_STEP;
}

function melToHz(mel: number, scale: MelScale): number {
  if (scale === 'htk') return 700 * (10 ** (mel / 2595) - 1);
  if (mel < SLANEY_LOG_FROM_MEL) return mel * SLANEY_HZ_PER_MEL;
  return SLANEY_LOG_FROM_HZ * Math.exp(SLANEY_LOG_STEP * (mel - SLANEY_LOG_FROM_MEL));
}
