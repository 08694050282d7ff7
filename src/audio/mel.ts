/**
 * Log-mel features: NeMo's AudioToMelSpectrogramPreprocessor (`FilterbankFeatures`, NeMo 3.0.0) in evaluation mode, i.e. without dither.
 *
 * Easily got wrong: the number of frames is floor(samples / hop), one less than the STFT has, and only those frames count in the
 * normalisation; the window is symmetric; the edges are zeros, not reflections; `exactPad` drops the last real samples.
 */
import { AsrError } from '../base/errors.ts';
import { makeMelFilterbank, SparseFilterbank } from './mel-filterbank.ts';
import { type Normalization, normalizeFeatures } from './normalize.ts';
import { SampleBuffer } from './sample-buffer.ts';
import { FrameSpectrum, type SignalPart } from './spectrum.ts';
import { makeWindow, type WindowName } from './window.ts';

/** NeMo's preprocessor section, in camelCase and with all lengths in samples. */
export type MelConfig = {
  /** Hz. */
  readonly sampleRate: number;
  readonly windowLength: number;
  readonly hopLength: number;
  readonly nFft: number;
  /** A name, or the checkpoint's own window of `windowLength` samples (`featurizer.window`). */
  readonly window: WindowName | Float32Array;
  /** Row-major [numMels, nFft / 2 + 1], the checkpoint's own bank (`featurizer.fb`); it wins over the numbers below. */
  readonly filterbank?: Float32Array;
  readonly numMels: number;
  /** Hz. */
  readonly lowFreq: number;
  /** Hz; null is half the sample rate. */
  readonly highFreq: number | null;
  /** Null turns pre-emphasis off. */
  readonly preemphasis: number | null;
  readonly log: boolean;
  readonly logZeroGuardType: 'add' | 'clamp';
  readonly logZeroGuardValue: number | 'tiny' | 'eps';
  readonly normalize: Normalization;
  /** Frames are padded to a multiple of this by NeMo in training; `extract` crops to the valid frames and does not pad. */
  readonly padTo: number;
  readonly padValue: number;
  /** Every frame's features are repeated so often (that is what NeMo's splicing does). */
  readonly frameSplicing: number;
  /** NeMo's `exact_pad`: (nFft - hop) / 2 zeros at each end instead of nFft / 2. */
  readonly exactPad: boolean;
  /** 2 is power, 1 magnitude. */
  readonly magPower: number;
  readonly melNorm: 'slaney' | null;
};

export type MelFeatures = {
  /** Row-major [numFeatures, numFrames]. */
  readonly data: Float32Array;
  readonly numFeatures: number;
  /** Valid frames; nothing behind them is kept. */
  readonly numFrames: number;
};

/** Valid feature frames of a signal: NeMo's `get_seq_len`, but never negative. */
export function melLength(numSamples: number, config: MelConfig): number {
  if (numSamples === 0) return 0;
  const padding = config.exactPad ? 2 * exactPadding(config) : 2 * Math.floor(config.nFft / 2);
  return Math.max(0, Math.floor((numSamples + padding - config.nFft) / config.hopLength));
}

/** Features of whole signals. Keeps tables and work space, so make one a checkpoint and use it again. */
export class MelExtractor {
  /** Rows of the features: numMels * frameSplicing. */
  readonly numFeatures: number;
  readonly #config: MelConfig;
  readonly #frames: MelFrames;

  /** @throws AsrError `checkpoint-unsupported` for a configuration that NeMo refuses too */
  constructor(config: MelConfig) {
    checkConfig(config);
    this.#config = config;
    this.#frames = new MelFrames(config);
    this.numFeatures = config.numMels * config.frameSplicing;
  }

  /** @param samples mono, at the configured rate */
  extract(samples: Float32Array): MelFeatures {
    const numFrames = melLength(samples.length, this.#config);
    const part = { samples, start: 0, end: this.#frames.signalEnd(samples.length) };
    const data = this.#frames.compute(part, 0, numFrames);
    normalizeFeatures(data, this.numFeatures, this.#config.normalize);
    return { data, numFeatures: this.numFeatures, numFrames };
  }
}

/**
 * Features of a signal that is still coming in: the pieces together are the columns `extract` gives for the whole signal.
 *
 * Normalisation over the signal (`'per_feature'`, `'all_features'`) cannot be known yet and is left out; fixed statistics are applied.
 */
export class MelStream {
  readonly numFeatures: number;
  readonly #config: MelConfig;
  readonly #frames: MelFrames;
  readonly #signal = new SampleBuffer();
  #numFrames = 0;

  /** @throws AsrError `checkpoint-unsupported` for a configuration that NeMo refuses too */
  constructor(config: MelConfig) {
    checkConfig(config);
    this.#config = config;
    this.#frames = new MelFrames(config);
    this.numFeatures = config.numMels * config.frameSplicing;
  }

  /** Takes the next samples and gives the frames that no later sample can change. */
  push(samples: Float32Array): MelFeatures {
    this.#signal.append(samples);
    const numSamples = this.#signal.end;
    const settled = this.#frames.numFramesBefore(this.#frames.signalEnd(numSamples));
    return this.#take(Math.min(melLength(numSamples, this.#config), settled));
  }

  /** The signal is over: gives the frames that reach into the zeros behind it. */
  finish(): MelFeatures {
    return this.#take(melLength(this.#signal.end, this.#config));
  }

  #take(end: number): MelFeatures {
    const numFrames = Math.max(0, end - this.#numFrames);
    const { samples, start } = this.#signal;
    const part = { samples, start, end: this.#frames.signalEnd(this.#signal.end) };
    const data = this.#frames.compute(part, this.#numFrames, numFrames);
    if (typeof this.#config.normalize === 'object') normalizeFeatures(data, this.numFeatures, this.#config.normalize);
    this.#numFrames += numFrames;
    // One sample more than the window needs, for pre-emphasis.
    this.#signal.dropBefore(this.#frames.firstSample(this.#numFrames) - 1);
    return { data, numFeatures: this.numFeatures, numFrames };
  }
}

/** What both have in common: frames to (log-)mel columns, before normalisation. */
class MelFrames {
  readonly #config: MelConfig;
  readonly #spectrum: FrameSpectrum;
  readonly #filterbank: SparseFilterbank;
  readonly #mels: Float64Array;

  constructor(config: MelConfig) {
    this.#config = config;
    const { window, windowLength, nFft, hopLength } = config;
    this.#spectrum = new FrameSpectrum({
      window: typeof window === 'string' ? makeWindow(window, windowLength) : window,
      nFft,
      hopLength,
      lead: config.exactPad ? exactPadding(config) : Math.floor(nFft / 2),
      preemphasis: config.preemphasis ?? 0,
    });
    const highFreq = config.highFreq || config.sampleRate / 2;
    const bank = config.filterbank ?? makeMelFilterbank({ ...config, highFreq, scale: 'slaney', norm: config.melNorm });
    this.#filterbank = new SparseFilterbank(bank, config.numMels, Math.floor(nFft / 2) + 1);
    this.#mels = new Float64Array(config.numMels);
  }

  /**
   * The number of the first sample that counts as zero. NeMo 3.0.0 masks the already padded signal with the unpadded length after
   * pre-emphasis, so with `exactPad` the last real samples are lost.
   */
  signalEnd(numSamples: number): number {
    const { exactPad, preemphasis } = this.#config;
    return exactPad && preemphasis !== null ? numSamples - exactPadding(this.#config) : numSamples;
  }

  firstSample(frameIndex: number): number {
    return this.#spectrum.firstSample(frameIndex);
  }

  numFramesBefore(end: number): number {
    return this.#spectrum.numFramesBefore(end);
  }

  /** Row-major [numMels * frameSplicing, numFrames]. */
  compute(part: SignalPart, firstFrame: number, numFrames: number): Float32Array {
    const { numMels, frameSplicing, magPower, log } = this.#config;
    const { power } = this.#spectrum;
    const mels = this.#mels;
    const data = new Float32Array(numMels * frameSplicing * numFrames);
    for (let frame = 0; frame < numFrames; frame++) {
      this.#spectrum.compute(part, firstFrame + frame);
      if (magPower !== 2) for (let bin = 0; bin < power.length; bin++) power[bin] = power[bin]! ** (magPower / 2);
      this.#filterbank.apply(power, mels);
      for (let mel = 0, at = frame; mel < numMels; mel++, at += numFrames) data[at] = mels[mel]!;
    }
    const once = numMels * numFrames;
    if (log) takeLog(data.subarray(0, once), this.#config);
    for (let copy = 1; copy < frameSplicing; copy++) data.copyWithin(copy * once, 0, once);
    return data;
  }
}

const FLOAT32_TINY = 2 ** -126; // torch.finfo(torch.float32).tiny
const FLOAT32_EPS = 2 ** -23; // torch.finfo(torch.float32).eps

function takeLog(values: Float32Array, { logZeroGuardType, logZeroGuardValue }: MelConfig): void {
  const named = { tiny: FLOAT32_TINY, eps: FLOAT32_EPS };
  const guard = typeof logZeroGuardValue === 'number' ? logZeroGuardValue : named[logZeroGuardValue];
  if (logZeroGuardType === 'add') for (let i = 0; i < values.length; i++) values[i] = Math.log(values[i]! + guard);
  else for (let i = 0; i < values.length; i++) values[i] = Math.log(Math.max(values[i]!, guard));
}

function exactPadding(config: MelConfig): number {
  return Math.floor((config.nFft - config.hopLength) / 2);
}

function checkConfig(config: MelConfig): void {
  const { window, windowLength, hopLength, nFft, numMels, frameSplicing, filterbank, normalize } = config;
  const refuse = (what: string): never => {
    throw new AsrError('checkpoint-unsupported', `The checkpoint's audio preprocessor cannot be built: ${what}.`);
  };
  for (const [name, value] of Object.entries({ windowLength, hopLength, nFft, numMels, frameSplicing }))
    if (!Number.isInteger(value) || value < 1) refuse(`${name} is ${value}`);
  if (windowLength > nFft) refuse(`a window of ${windowLength} samples does not fit into n_fft ${nFft}`);
  if (typeof window !== 'string' && window.length !== windowLength)
    refuse(`its window has ${window.length} samples, not ${windowLength}`);
  const numWeights = numMels * (Math.floor(nFft / 2) + 1);
  if (filterbank && filterbank.length !== numWeights)
    refuse(`its filterbank has ${filterbank.length} numbers, not ${numWeights}`);
  if (config.exactPad && hopLength % 2 === 1) refuse(`exact_pad needs an even hop, not ${hopLength}`);
  if (typeof normalize === 'object') {
    const numFeatures = numMels * frameSplicing;
    if (normalize.fixedMean.length !== numFeatures || normalize.fixedStd.length !== numFeatures)
      refuse(`fixed_mean and fixed_std need ${numFeatures} numbers each`);
  }
}
