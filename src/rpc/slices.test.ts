/** Results come out of their slices as they went in, and no slice is large. */
import { expect, test } from 'vitest';
import { cut, gather, type Slice } from './slices.ts';

const stamp = (index: number) => ({ word: `w${index}`, startOffset: index, endOffset: index + 1, start: 0, end: 1 });

async function throughMessages<T>(value: T): Promise<{ readonly result: T; readonly numSlices: number }> {
  const { sliced, slices } = cut(value);
  const take = async (index: number): Promise<Slice> => structuredClone(slices[index]!);
  return { result: await gather(structuredClone(sliced), take), numSlices: sliced.numSlices };
}

test('a short result is one message, and the very object', async () => {
  const value = [{ hypothesis: { text: 'a', timestamp: { word: [stamp(0)] } }, duration: 1 }];
  expect(cut(value).sliced).toEqual({ tree: value, numSlices: 0 });
  expect(cut(value).sliced.tree).toBe(value);
  expect((await throughMessages(value)).result).toEqual(value);
});

test('hours of words come in slices, beside what is short', async () => {
  const word = Array.from({ length: 30_000 }, (_, index) => stamp(index));
  const value = [
    { hypothesis: { text: 'long', ySequence: word.map((_, index) => index), timestamp: { word, segment: [] } } },
    { hypothesis: { text: 'short', timestamp: { word: [stamp(7)] }, logProbs: new Float32Array(9), none: null } },
  ];
  const { result, numSlices } = await throughMessages(value);
  expect(JSON.stringify(result)).toBe(JSON.stringify(value));
  expect(numSlices).toBeGreaterThan(15);
  for (const { items } of cut(value).slices) expect(JSON.stringify(items).length).toBeLessThan(250_000);
});

test('many results together are sliced too, and lists within lists', async () => {
  const many = Array.from({ length: 900 }, (_, file) => ({
    words: Array.from({ length: 30 }, (_, at) => stamp(at)),
    file,
  }));
  expect((await throughMessages(many)).numSlices).toBeGreaterThan(8);
  expect(JSON.stringify((await throughMessages(many)).result)).toBe(JSON.stringify(many));
  const frames = Array.from({ length: 3 }, () => Array.from({ length: 20_000 }, (_, step) => [step, [0.5]]));
  expect(JSON.stringify((await throughMessages({ frames })).result)).toBe(JSON.stringify({ frames }));
});
