import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBlocks } from './text-blocks.ts';

const units = fc.constantFrom('word ', 'A sentence ends. ', '好。', '字', '😀', '\n', 'averyverylongword');
const texts = fc.array(units, { maxLength: 3000 }).map((parts) => parts.join(''));

test('blocks put together are the text, and none is long', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const blocks = toBlocks(text);
      expect(blocks.join('')).toBe(text);
      expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(4000);
    }),
    { numRuns: 50 },
  );
});

test('all blocks but the last stay when the text grows', () => {
  fc.assert(
    fc.property(texts, texts, (text, more) => {
      const before = toBlocks(text).slice(0, -1);
      expect(toBlocks(text + more).slice(0, before.length)).toEqual(before);
    }),
    { numRuns: 50 },
  );
});

test('a block ends behind a sentence, else behind a word', () => {
  expect(toBlocks('One sentence of a few words. '.repeat(60))[0]).toMatch(/words\. $/);
  expect(toBlocks('word '.repeat(500))[0]).toMatch(/word $/);
});
