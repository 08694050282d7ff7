import { describe, expect, it } from 'vitest';
import { RealFft } from './fft.ts';

describe('RealFft', () => {
  it.each([1, 2, 4, 6, 8, 16, 31, 64, 256, 400, 512, 1000, 1024])(
    'gives the powers of the plain transform for %i samples',
    (length) => {
      const frame = Float64Array.from({ length }, (_, i) => Math.sin(i * i + 1));
      const expected = plainPower(frame);
      const power = new Float64Array(Math.floor(length / 2) + 1);
      const fft = new RealFft(length);
      fft.power(frame.slice(), power);
      fft.power(frame.slice(), power); // again: nothing of the first transform may be left over
      const worst = Math.max(...power.map((value, bin) => Math.abs(value - expected[bin]!)));
      expect(worst).toBeLessThan(1e-9 * length);
    },
  );
});

function plainPower(frame: Float64Array): number[] {
  const n = frame.length;
  return Array.from({ length: Math.floor(n / 2) + 1 }, (_, bin) => {
    let re = 0;
    let im = 0;
    frame.forEach((sample, i) => {
      re += sample * Math.cos((2 * Math.PI * ((bin * i) % n)) / n);
      im -= sample * Math.sin((2 * Math.PI * ((bin * i) % n)) / n);
    });
    return re * re + im * im;
  });
}
