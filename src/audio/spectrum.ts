/**
 * Cuts a signal into overlapping frames and gives the power spectrum of each, as `torch.stft` frames it.
 *
 * The window is shorter than the transform and sits in the middle of it (400 of 512: 56 zeros either side), so a frame reaches
 * `nFft / 2` into the padding but reads only the samples under the window. Pre-emphasis is done on the way, sample by sample.
 */
import { RealFft } from './fft.ts';

const { fround } = Math;

export type Framing = {
  readonly window: Float32Array;
  readonly nFft: number;
  readonly hopLength: number;
  /** How many (zero) samples frame 0 starts before the first sample: `nFft / 2` for centred frames. */
  readonly lead: number;
  /** y[t] = x[t] - preemphasis * x[t - 1]; 0 is none. */
  readonly preemphasis: number;
};

/** The part of a signal at hand: `samples[0]` is sample number `start`, and everything from number `end` on counts as zero. */
export type SignalPart = { readonly samples: Float32Array; readonly start: number; readonly end: number };

/** Computes one frame at a time into `power`, allocating nothing. */
export class FrameSpectrum {
  /** |X|^2 of the frame last computed, `nFft / 2 + 1` bins. */
  readonly power: Float64Array;
  readonly #framing: Framing;
  readonly #fft: RealFft;
  readonly #frame: Float64Array;
  readonly #window: Float64Array;
  readonly #windowOffset: number;
  readonly #preemphasis: number;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#fft = new RealFft(framing.nFft);
    this.#frame = new Float64Array(framing.nFft);
    this.#window = Float64Array.from(framing.window);
    this.#windowOffset = Math.floor((framing.nFft - framing.window.length) / 2);
    // torch multiplies float32 samples by the float32 nearest to 0.97.
    this.#preemphasis = Math.fround(framing.preemphasis);
    this.power = new Float64Array(this.#fft.numBins);
  }

  /** Number of the first sample under the window of a frame; may be negative. */
  firstSample(frameIndex: number): number {
    return frameIndex * this.#framing.hopLength - this.#framing.lead + this.#windowOffset;
  }

  /** How many frames read no sample of number `end` or later. */
  numFramesBefore(end: number): number {
    const slack = end - this.#window.length - this.firstSample(0);
    return slack < 0 ? 0 : Math.floor(slack / this.#framing.hopLength) + 1;
  }

  /** Fills `power`. The part must hold every existing sample under the window and, for pre-emphasis, the one before. */
  compute(part: SignalPart, frameIndex: number): void {
    const frame = this.#frame;
    const window = this.#window;
    const offset = this.#windowOffset;
    const { samples, start } = part;
    const first = this.firstSample(frameIndex);
    const from = Math.max(0, -first);
    const to = Math.min(window.length, part.end - first);
    frame.fill(0);
    if (from < to) {
      const preemphasis = this.#preemphasis;
      let at = first + from - start;
      // Rounded to float32 where torch rounds: in a nearly empty band this noise is what NeMo's feature is made of.
      let previous = at > 0 ? samples[at - 1]! : 0;
      for (let i = from; i < to; i++, at++) {
        const sample = samples[at]!;
        frame[offset + i] = fround(fround(sample - fround(preemphasis * previous)) * window[i]!);
        previous = sample;
      }
    }
    this.#fft.power(frame, this.power);
  }
}
