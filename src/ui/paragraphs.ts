/**
 * Timed words grouped into paragraphs to read: a break needs the end of a sentence and a pause, never a count of sentences.
 *
 * Models without punctuation have no sentence ends; there a long pause is enough once a paragraph is long.
 */
import type { WordStamp } from '../base/hypothesis.ts';

const LONG_PAUSE = 1.5; // seconds
const SHORT_PAUSE = 0.7;
const FULL_CHARS = 500; // from here on a short pause is enough
const MAX_CHARS = 900; // and here any sentence end, or any short pause
const MOST_CHARS = 2700; // and here any word: some models put words without a gap between them
const SENTENCE_END = /[.!?…]["'”’)\]]*$/u;

/** Words by paragraph; `firstIndex` is the position of the first one in the list given. */
export type Paragraph = { readonly firstIndex: number; readonly words: readonly WordStamp[] };

/** Groups words in order; none is lost. */
export function toParagraphs(words: readonly WordStamp[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let from = 0;
  let numChars = 0;
  for (const [index, word] of words.entries()) {
    numChars += word.word.length + 1;
    const next = words[index + 1];
    if (next && !isBreak(word, next.start - word.end, numChars)) continue;
    paragraphs.push({ firstIndex: from, words: words.slice(from, index + 1) });
    from = index + 1;
    numChars = 0;
  }
  return paragraphs;
}

function isBreak({ word }: WordStamp, pause: number, numChars: number): boolean {
  if (numChars > MOST_CHARS) return true;
  if (SENTENCE_END.test(word))
    return pause >= LONG_PAUSE || numChars > MAX_CHARS || (numChars > FULL_CHARS && pause >= SHORT_PAUSE);
  return numChars > MAX_CHARS && pause >= SHORT_PAUSE;
}
