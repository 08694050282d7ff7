/** Updates of a stream, taken apart and put together. */
import { expect, test } from 'vitest';
import type { StreamUpdate } from './protocol.ts';
import { deltaReader, deltaWriter } from './update-delta.ts';

const word = (text: string, at: number) => ({ word: text, startOffset: at, endOffset: at + 1, start: at, end: at + 1 });

test('an hour of updates arrives whole, and no message carries what was sent before', () => {
  const [write, read] = [deltaWriter(), deltaReader()];
  const settled: ReturnType<typeof word>[] = [];
  let committed = '';
  let longest = 0;
  for (let at = 0; at < 9000; at++) {
    const update: StreamUpdate = {
      committed,
      draft: `word${at}`,
      words: [...settled, word(`word${at}`, at)],
      time: at,
      isFinal: false,
    };
    const sent = structuredClone(write(update));
    longest = Math.max(longest, JSON.stringify(sent).length);
    if (at % 500 === 0) expect(read(sent)).toEqual(update);
    else read(sent);
    settled.push(word(`word${at}`, at));
    committed += `word${at} `;
  }
  expect(longest).toBeLessThan(400);
});

test('text and words that are taken back are sent anew', () => {
  const [write, read] = [deltaWriter(), deltaReader()];
  const updates: StreamUpdate[] = [
    { committed: 'one two ', draft: 'thr', words: [word('one', 0), word('two', 1)], time: 1, isFinal: false },
    { committed: 'won too ', draft: '', words: [word('won', 0)], time: 2, isFinal: false },
    { committed: '', draft: '', words: [], time: 3, isFinal: true },
  ];
  for (const update of updates) expect(read(structuredClone(write(update)))).toEqual(update);
});
