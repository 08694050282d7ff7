/** Aligned words of several windows on one clock. */
import { expect, test } from 'vitest';
import { joinAligned } from './join-aligned.ts';

const unheard = { word: '-', startOffset: -1, endOffset: -1, start: -1, end: -1 };

test('words move with their window, and what was not heard stays without a time', () => {
  const heard = { word: 'yes', startOffset: 5, endOffset: 7, start: 0.4, end: 0.56 };
  const window = (startSeconds: number) => ({ word: [heard, unheard], segment: [], frameSeconds: 0.08, startSeconds });
  expect(joinAligned([window(0), window(40)]).word).toEqual([
    heard,
    unheard,
    { word: 'yes', startOffset: 505, endOffset: 507, start: 40.4, end: 40.56 },
    unheard,
  ]);
});
