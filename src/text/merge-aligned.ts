/** Times of the words of a text that was merged from overlapping windows: every word takes the next time that any window gave it. */
import type { WordStamp } from '../base/hypothesis.ts';
import { type AlignedWindow, joinAligned } from './join-aligned.ts';
import { splitWords } from './whitespace.ts';

/** Words of a window that may stand between two that are kept: those of the overlap. */
const LOOK_AHEAD = 24;

/** The words of `text` with their times, from the start of the first window. A word that no window has stands where the one before it ends. */
export function mergeTimes(windows: readonly [AlignedWindow, ...AlignedWindow[]], text: string): AlignedWindow {
  const { frameSeconds, startSeconds } = windows[0];
  const heard = joinAligned(windows.map((window) => ({ ...window, startSeconds: window.startSeconds - startSeconds })));
  const stamps = heard.word ?? [];
  const word: WordStamp[] = [];
  let next = 0;
  for (const spelling of splitWords(text)) {
    const found = stamps.slice(next, next + LOOK_AHEAD).findIndex((stamp) => stamp.word === spelling);
    const previous = word.at(-1);
    const end = previous?.end ?? 0;
    const endOffset = previous?.endOffset ?? 0;
    if (found < 0) {
      word.push({ word: spelling, startOffset: endOffset, endOffset, start: end, end });
      continue;
    }
    const stamp = stamps[next + found] as WordStamp;
    next += found + 1;
    // Two windows may put words of their overlap differently; time does not go back.
    word.push(
      stamp.startOffset < endOffset && stamp.startOffset >= 0
        ? {
            ...stamp,
            startOffset: endOffset,
            endOffset: Math.max(endOffset, stamp.endOffset),
            start: end,
            end: Math.max(end, stamp.end),
          }
        : stamp,
    );
  }
  const { segment = [] } = joinAligned([
    { word, segment: [], frameSeconds, startSeconds: 0 },
    { word: [], segment: [], frameSeconds, startSeconds: 0 },
  ]);
  return { word, segment, frameSeconds, startSeconds };
}
