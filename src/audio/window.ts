/**
 * Window functions as torch makes them.
 *
 * NeMo's mel front end asks for symmetric windows (`periodic=False`), its MFCC front end (torchaudio) for periodic ones:
 * a periodic window of n is the symmetric one of n + 1 without its last value.
 */

/** NeMo's names; `'none'` is a rectangle. */
export type WindowName = 'hann' | 'hamming' | 'blackman' | 'bartlett' | 'none';

/** The window of `length` samples. */
export function makeWindow(
  name: WindowName,
  length: number,
  { periodic = false }: { readonly periodic?: boolean } = {},
): Float32Array {
  // torch makes [1] of every window of one sample.
  if (length === 1) return Float32Array.of(1);
  const last = periodic ? length : length - 1;
  return Float32Array.from({ length }, (_, i) => valueAt(name, i, last));
}

const { cos, fround, PI } = Math;

/**
 * Rounded to float32 after every operation, as torch computes. An exact window is 2e-7 away from it, which shows in empty mel bands: there
 * a feature is the logarithm of the window's own rounding noise.
 */
function valueAt(name: WindowName, i: number, last: number): number {
  switch (name) {
    case 'hann':
      return raisedCosine(i, last, 0.5, 0.5);
    case 'hamming':
      return raisedCosine(i, last, 0.54, 0.46);
    case 'blackman': {
      const angle = fround(i * fround(PI / last));
      const fast = fround(fround(cos(fround(angle * 4))) * fround(0.08));
      const slow = fround(fround(cos(fround(angle * 2))) * 0.5);
      return fround(fround(fast - slow) + fround(0.42));
    }
    case 'bartlett': {
      const ramp = fround(i * fround(2 / last));
      return i <= last / 2 ? ramp : fround(2 - ramp);
    }
    case 'none':
      return 1;
  }
}

function raisedCosine(i: number, last: number, offset: number, height: number): number {
  const cosine = fround(cos(fround(i * fround((2 * PI) / last))));
  return fround(fround(cosine * fround(-height)) + fround(offset));
}
