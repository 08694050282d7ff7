/**
 * MFCC features: NeMo's AudioToMFCCPreprocessor, which is torchaudio's MFCC transform.
 *
 * Nothing here is as in the mel front end: periodic window, HTK mel scale without area norm, reflected edges, no pre-emphasis, log of
 * (mel + 1e-6), no normalisation, and ceil(samples / hop) frames.
 */
import { AsrError } from '../base/errors.ts';
import type { MelFeatures } from './mel.ts';
import { makeMelFilterbank, SparseFilterbank } from './mel-filterbank.ts';
import { FrameSpectrum } from './spectrum.ts';
import { makeWindow, type WindowName } from './window.ts';

/** NeMo's arguments of AudioToMFCCPreprocessor, lengths in samples; its `dct_type` can only be 2. */
export type MfccConfig = {
  /** Hz. */
  readonly sampleRate: number;
  readonly windowLength: number;
  readonly hopLength: number;
  readonly nFft: number;
  /** `'none'` is NeMo's "ones". */
  readonly window: WindowName;
  /** Hz. */
  readonly lowFreq: number;
  /** Hz; null is half the sample rate. */
  readonly highFreq: number | null;
  readonly numMels: number;
  readonly numMfcc: number;
  /** Of the cosine transform. */
  readonly norm: 'ortho' | null;
  /** Natural log of the mels; otherwise decibels with 80 dB range, as torchaudio's AmplitudeToDB. */
  readonly log: boolean;
};

const LOG_OFFSET = 1e-6; // torchaudio.transforms.MFCC
const DECIBEL_FLOOR = 1e-10; // torchaudio.transforms.AmplitudeToDB('power', 80)
const DECIBEL_RANGE = 80;

/** MFCCs of whole signals; the same interface as `MelExtractor`. */
export class MfccExtractor {
  /** The number of coefficients. */
  readonly numFeatures: number;
  readonly #config: MfccConfig;
  readonly #spectrum: FrameSpectrum;
  readonly #filterbank: SparseFilterbank;
  /** Row-major [numMfcc, numMels]. */
  readonly #cosines: Float64Array;

  /** @throws AsrError `checkpoint-unsupported` for a configuration that torchaudio refuses too */
  constructor(config: MfccConfig) {
    const { windowLength, hopLength, nFft, numMels, numMfcc } = config;
    for (const [name, value] of Object.entries({ windowLength, hopLength, nFft, numMels, numMfcc }))
      if (!Number.isInteger(value) || value < 1) refuse(`${name} is ${value}`);
    if (windowLength > nFft) refuse(`a window of ${windowLength} samples does not fit into n_fft ${nFft}`);
    if (numMfcc > numMels) refuse(`${numMfcc} coefficients cannot come from ${numMels} mels`);
    this.#config = config;
    this.numFeatures = numMfcc;
    const window = makeWindow(config.window, windowLength, { periodic: true });
    this.#spectrum = new FrameSpectrum({ window, nFft, hopLength, lead: 0, preemphasis: 0 });
    const highFreq = config.highFreq ?? Math.floor(config.sampleRate / 2);
    const bank = makeMelFilterbank({ ...config, highFreq, scale: 'htk', norm: null });
    this.#filterbank = new SparseFilterbank(bank, numMels, Math.floor(nFft / 2) + 1);
    this.#cosines = makeCosines(config);
  }

  /** @param samples mono, at the configured rate */
  extract(samples: Float32Array): MelFeatures {
    const { hopLength, numMels, log } = this.#config;
    const numFrames = Math.ceil(samples.length / hopLength);
    const padded = reflectEdges(samples, Math.floor(this.#config.nFft / 2));
    const part = { samples: padded, start: 0, end: padded.length };
    const mels = new Float64Array(numFrames * numMels);
    for (let frame = 0; frame < numFrames; frame++) {
      this.#spectrum.compute(part, frame);
      this.#filterbank.apply(this.#spectrum.power, mels.subarray(frame * numMels, (frame + 1) * numMels));
    }
    if (log) for (let i = 0; i < mels.length; i++) mels[i] = Math.log(mels[i]! + LOG_OFFSET);
    else toDecibels(mels);
    return { data: this.#transform(mels, numFrames), numFeatures: this.numFeatures, numFrames };
  }

  #transform(mels: Float64Array, numFrames: number): Float32Array {
    const { numMels, numMfcc } = this.#config;
    const data = new Float32Array(numMfcc * numFrames);
    for (let frame = 0; frame < numFrames; frame++) {
      for (let k = 0; k < numMfcc; k++) {
        let sum = 0;
        for (let mel = 0; mel < numMels; mel++) sum += this.#cosines[k * numMels + mel]! * mels[frame * numMels + mel]!;
        data[k * numFrames + frame] = sum;
      }
    }
    return data;
  }
}

/** torchaudio.functional.create_dct, transposed. */
function makeCosines({ numMels, numMfcc, norm }: MfccConfig): Float64Array {
  const cosines = new Float64Array(numMfcc * numMels);
  for (let k = 0; k < numMfcc; k++) {
    const gain = norm === 'ortho' ? Math.sqrt((k === 0 ? 1 : 2) / numMels) : 2;
    for (let mel = 0; mel < numMels; mel++)
      cosines[k * numMels + mel] = gain * Math.cos((Math.PI / numMels) * (mel + 0.5) * k);
  }
  return cosines;
}

/** The signal with `width` mirrored samples at each end (the edge sample itself is not repeated), however short it is. */
function reflectEdges(samples: Float32Array, width: number): Float32Array {
  const padded = new Float32Array(samples.length + 2 * width);
  if (samples.length === 0) return padded;
  padded.set(samples, width);
  const period = Math.max(1, 2 * (samples.length - 1));
  const mirrored = (index: number) => {
    const at = ((index % period) + period) % period;
    return samples[Math.min(at, period - at)] ?? samples[0]!;
  };
  for (let i = 0; i < width; i++) {
    padded[i] = mirrored(i - width);
    padded[width + samples.length + i] = mirrored(samples.length + i);
  }
  return padded;
}

function toDecibels(mels: Float64Array): void {
  let loudest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < mels.length; i++) {
    mels[i] = 10 * Math.log10(Math.max(mels[i]!, DECIBEL_FLOOR));
    loudest = Math.max(loudest, mels[i]!);
  }
  for (let i = 0; i < mels.length; i++) mels[i] = Math.max(mels[i]!, loudest - DECIBEL_RANGE);
}

function refuse(what: string): never {
  throw new AsrError('checkpoint-unsupported', `The checkpoint's MFCC preprocessor cannot be built: ${what}.`);
}
