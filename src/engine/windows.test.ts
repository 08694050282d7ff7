import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinTexts } from '../text/join-windows.ts';
import { type AudioWindow, cutWindows } from './windows.ts';

const RATE = 16000;
const FRAME = 1280;

/** Noise with a second of silence every ten. */
async function* recording(seconds: number, blockSeconds: number): AsyncGenerator<Float32Array> {
  let sample = 0;
  for (let left = seconds * RATE; left > 0; left -= blockSeconds * RATE) {
    const block = new Float32Array(Math.min(left, blockSeconds * RATE));
    for (let index = 0; index < block.length; index++, sample++)
      block[index] = Math.floor(sample / RATE) % 10 === 9 ? 0 : Math.sin(sample * 0.1);
    yield block;
  }
}

async function cut(
  seconds: number,
  long: 'auto' | 'full' | 'pauses' | 'buffered',
  fullSeconds?: number,
): Promise<AudioWindow[]> {
  const windows = [];
  const options = { sampleRate: RATE, frameSamples: FRAME, long, ...(fullSeconds ? { fullSeconds } : {}) };
  for await (const window of cutWindows(recording(seconds, 7), options)) windows.push(window);
  return windows;
}

test.each([
  [60, 'auto', 1],
  [120, 'auto', 1],
  [300, 'full', 1],
  [20, 'pauses', 1],
] as const)('%d s in %s mode stay whole', async (seconds, long, count) => {
  expect(await cut(seconds, long)).toHaveLength(count);
});

test.each([
  [31, 'pauses'],
  [46, 'pauses'],
  [121, 'auto'],
  [300, 'auto'],
  [1000, 'auto'],
] as const)(
  '%d s in %s mode become windows that cover everything, on encoder frames, in pauses',
  async (seconds, long) => {
    const windows = await cut(seconds, long);
    let expectedStart = 0;
    for (const { samples, start, isLast } of windows) {
      expect(start).toBe(expectedStart);
      expect(start % FRAME).toBe(0);
      expect(samples.length).toBeLessThanOrEqual(30 * RATE);
      if (start > 0 && seconds > 46) expect(Math.floor(start / RATE) % 10).toBe(9);
      expectedStart += samples.length;
      expect(isLast).toBe(expectedStart === seconds * RATE);
    }
    expect(expectedStart).toBe(seconds * RATE);
  },
);

test('a checkpoint that was taught on short recordings gets windows earlier', async () => {
  expect(await cut(40, 'auto', 40)).toHaveLength(1);
  const windows = await cut(41, 'auto', 40);
  expect(windows.length).toBe(2);
  expect(windows.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(41 * RATE);
});

test('windows of an attention decoder in buffered mode are NeMo’s: 40 s each, the rest shorter', async () => {
  const windows = await cut(95, 'buffered');
  expect(windows.map(({ start, samples }) => [start / RATE, samples.length / RATE])).toEqual([
    [0, 40],
    [40, 40],
    [80, 15],
  ]);
  expect(windows.map(({ isLast }) => isLast)).toEqual([false, false, true]);
});

test('a voice detector says where to cut, and which windows are silent', async () => {
  const speech = [
    [1, 17],
    [18, 21],
    [28, 29],
  ] as const;
  const options = { sampleRate: RATE, frameSamples: FRAME, long: 'pauses' } as const;
  // Somebody speaks in the first half minute only; seconds count from the start of what is asked about.
  let asked = 0;
  const findSpeech = async () => (asked++ === 0 ? speech : []);
  const windows = [];
  for await (const window of cutWindows(recording(80, 7), { ...options, findSpeech })) windows.push(window);
  expect(windows[0]!.samples.length / RATE).toBeCloseTo(24.5, 1); // the middle of 21 to 28
  expect(windows.map(({ isSilent = false }) => isSilent)).toEqual(windows.map((_, index) => index > 0));
  expect(windows.reduce((sum, { samples }) => sum + samples.length, 0)).toBe(80 * RATE);
});

/** Words as bursts with pauses between them, at a low rate to be quick. */
const spokenWords = fc.array(
  fc.record({ length: fc.integer({ min: 100, max: 700 }), pause: fc.integer({ min: 250, max: 1800 }) }),
  {
    minLength: 1,
    maxLength: 250,
  },
);

test('any words, in blocks of any size: every word is in one window whole, so the text has each once', async () => {
  await fc.assert(
    fc.asyncProperty(
      spokenWords,
      fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('pauses' as const, 'auto' as const),
      async (words, blockLengths, long) => {
        const rate = 1000;
        const spans: { word: string; start: number; end: number }[] = [];
        let total = 0;
        for (const [index, { length, pause }] of words.entries()) {
          spans.push({ word: `w${index}`, start: total, end: total + length });
          total += length + pause;
        }
        const signal = new Float32Array(total);
        for (const { start, end } of spans) for (let i = start; i < end; i++) signal[i] = Math.sin(i);
        async function* blocks(): AsyncGenerator<Float32Array> {
          for (let at = 0, turn = 0; at < total; turn++) {
            const length = blockLengths[turn % blockLengths.length] as number;
            yield signal.slice(at, at + length);
            at += length;
          }
        }
        const texts: string[] = [];
        let end = 0;
        for await (const window of cutWindows(blocks(), { sampleRate: rate, frameSamples: 80, long })) {
          expect(window.start).toBe(end);
          end += window.samples.length;
          const heard = spans.filter((span) => span.start < end && span.end > window.start);
          expect(heard.every((span) => span.start >= window.start && span.end <= end)).toBe(true);
          texts.push(heard.map(({ word }) => word).join(' '));
        }
        expect(end).toBe(total);
        expect(joinTexts(texts)).toBe(spans.map(({ word }) => word).join(' '));
      },
    ),
    { numRuns: 100 },
  );
});
