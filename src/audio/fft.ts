/**
 * Power spectra of real frames of any length.
 *
 * A real frame of even length n is packed as n/2 complex numbers (even samples real, odd samples imaginary), transformed by a
 * Stockham radix-4 FFT (no bit reversal: it sorts as it goes, between two buffers), then untangled. Lengths whose half is no
 * power of two go through Bluestein's chirp transform. Everything is float64 and allocated once, in the constructor.
 */
import { assert } from '../base/errors.ts';

/** In-place complex FFT of a power-of-two length on interleaved (re, im) pairs. */
export class ComplexFft {
  readonly length: number;
  readonly #scratch: Float64Array;
  readonly #passes: readonly Pass[];

  constructor(length: number) {
    assert(length >= 1 && Number.isInteger(Math.log2(length)), `FFT length ${length} is not a power of two`);
    this.length = length;
    this.#scratch = new Float64Array(2 * length);
    const passes: Pass[] = [];
    for (let n = length; n >= 4; n /= 4) passes.push({ quarter: n / 4, stride: length / n, twiddles: makeTwiddles(n) });
    this.#passes = passes;
  }

  /** Replaces `data` (2 * length numbers) by its forward transform, unscaled. */
  transform(data: Float64Array): void {
    let from = data;
    let to = this.#scratch;
    for (const pass of this.#passes) {
      radix4Pass(from, to, pass);
      [from, to] = [to, from];
    }
    if (this.#passes.length * 2 !== Math.log2(this.length)) {
      const half = this.length;
      for (let i = 0; i < half; i++) {
        const a = from[i]!;
        const b = from[i + half]!;
        to[i] = a + b;
        to[i + half] = a - b;
      }
      [from, to] = [to, from];
    }
    if (from !== data) data.set(from);
  }
}

/** Power spectrum |X|^2 of real frames of `length` samples: `length / 2 + 1` bins (rounded down). */
export class RealFft {
  readonly length: number;
  readonly numBins: number;
  readonly #power: (frame: Float64Array, power: Float64Array) => void;

  constructor(length: number) {
    assert(Number.isInteger(length) && length >= 1, `FFT length ${length}`);
    this.length = length;
    this.numBins = Math.floor(length / 2) + 1;
    this.#power =
      Number.isInteger(Math.log2(length)) && length >= 2 ? packedPower(length) : chirpPower(length, this.numBins);
  }

  /** Writes the power of every bin; `frame` is used as work space and holds rubbish afterwards. */
  power(frame: Float64Array, power: Float64Array): void {
    this.#power(frame, power);
  }
}

type Pass = {
  readonly quarter: number;
  readonly stride: number;
  /** Cos and sin of w, w^2 and w^3 for every position: six numbers each. */
  readonly twiddles: Float64Array;
};

function makeTwiddles(n: number): Float64Array {
  const twiddles: number[] = [];
  for (let p = 0; p < n / 4; p++) {
    for (let power = 1; power <= 3; power++) {
      const angle = (-2 * Math.PI * p * power) / n;
      twiddles.push(Math.cos(angle), Math.sin(angle));
    }
  }
  return Float64Array.from(twiddles);
}

function radix4Pass(from: Float64Array, to: Float64Array, { quarter, stride, twiddles }: Pass): void {
  const leap = 2 * stride * quarter;
  const width = 2 * stride;
  for (let p = 0; p < quarter; p++) {
    const w1r = twiddles[6 * p]!;
    const w1i = twiddles[6 * p + 1]!;
    const w2r = twiddles[6 * p + 2]!;
    const w2i = twiddles[6 * p + 3]!;
    const w3r = twiddles[6 * p + 4]!;
    const w3i = twiddles[6 * p + 5]!;
    let read = width * p;
    let write = 4 * width * p;
    for (let q = 0; q < width; q += 2, read += 2, write += 2) {
      const ar = from[read]!;
      const ai = from[read + 1]!;
      const br = from[read + leap]!;
      const bi = from[read + leap + 1]!;
      const cr = from[read + 2 * leap]!;
      const ci = from[read + 2 * leap + 1]!;
      const dr = from[read + 3 * leap]!;
      const di = from[read + 3 * leap + 1]!;
      const sumR = ar + cr;
      const sumI = ai + ci;
      const diffR = ar - cr;
      const diffI = ai - ci;
      const otherR = br + dr;
      const otherI = bi + di;
      // -i * (b - d)
      const turnR = bi - di;
      const turnI = dr - br;
      to[write] = sumR + otherR;
      to[write + 1] = sumI + otherI;
      const xr = diffR + turnR;
      const xi = diffI + turnI;
      to[write + width] = xr * w1r - xi * w1i;
      to[write + width + 1] = xr * w1i + xi * w1r;
      const yr = sumR - otherR;
      const yi = sumI - otherI;
      to[write + 2 * width] = yr * w2r - yi * w2i;
      to[write + 2 * width + 1] = yr * w2i + yi * w2r;
      const zr = diffR - turnR;
      const zi = diffI - turnI;
      to[write + 3 * width] = zr * w3r - zi * w3i;
      to[write + 3 * width + 1] = zr * w3i + zi * w3r;
    }
  }
}

function packedPower(length: number): (frame: Float64Array, power: Float64Array) => void {
  const half = length / 2;
  const fft = new ComplexFft(half);
  const cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  const sin = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / length));
  return (frame, power) => {
    fft.transform(frame);
    const sumOfEven = frame[0]!;
    const sumOfOdd = frame[1]!;
    power[0] = (sumOfEven + sumOfOdd) ** 2;
    power[half] = (sumOfEven - sumOfOdd) ** 2;
    for (let k = 1, mirror = half - 1; k <= mirror; k++, mirror--) {
      const zr = frame[2 * k]!;
      const zi = frame[2 * k + 1]!;
      const mr = frame[2 * mirror]!;
      const mi = frame[2 * mirror + 1]!;
      // Spectrum of the even samples (e) and of the odd ones (o), then X[k] = e + w o and X[half - k] = conj(e - w o).
      const er = (zr + mr) / 2;
      const ei = (zi - mi) / 2;
      const or = (zi + mi) / 2;
      const oi = (mr - zr) / 2;
      const tr = or * cos[k]! + oi * sin[k]!;
      const ti = oi * cos[k]! - or * sin[k]!;
      power[k] = (er + tr) * (er + tr) + (ei + ti) * (ei + ti);
      power[mirror] = (er - tr) * (er - tr) + (ei - ti) * (ei - ti);
    }
  };
}

/** Bluestein: a transform of any length as a convolution with a chirp, done by a power-of-two FFT. */
function chirpPower(length: number, numBins: number): (frame: Float64Array, power: Float64Array) => void {
  const size = 2 ** Math.ceil(Math.log2(2 * length));
  const fft = new ComplexFft(size);
  // k^2 mod 2n keeps the angle small, so that large k lose no precision.
  const angle = (k: number) => (Math.PI * ((k * k) % (2 * length))) / length;
  const chirpR = Float64Array.from({ length }, (_, k) => Math.cos(angle(k)));
  const chirpI = Float64Array.from({ length }, (_, k) => Math.sin(angle(k)));
  const kernel = new Float64Array(2 * size);
  for (let k = 0; k < length; k++) {
    for (const at of k === 0 ? [0] : [k, size - k]) {
      kernel[2 * at] = chirpR[k]!;
      kernel[2 * at + 1] = chirpI[k]!;
    }
  }
  fft.transform(kernel);
  const work = new Float64Array(2 * size);
  return (frame, power) => {
    work.fill(0);
    for (let k = 0; k < length; k++) {
      work[2 * k] = frame[k]! * chirpR[k]!;
      work[2 * k + 1] = -frame[k]! * chirpI[k]!;
    }
    fft.transform(work);
    for (let i = 0; i < 2 * size; i += 2) {
      const re = work[i]! * kernel[i]! - work[i + 1]! * kernel[i + 1]!;
      const im = work[i]! * kernel[i + 1]! + work[i + 1]! * kernel[i]!;
      // Conjugated, so that a second forward transform is the inverse one; the last chirp has modulus 1 and is left out.
      work[i] = re;
      work[i + 1] = -im;
    }
    fft.transform(work);
    for (let k = 0; k < numBins; k++) power[k] = (work[2 * k]! ** 2 + work[2 * k + 1]! ** 2) / (size * size);
  };
}
