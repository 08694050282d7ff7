/**
 * The words that captions are made of: cleaned of anything a subtitle file could trip over, and short enough for a line.
 *
 * Length is counted in what a reader sees as characters (graphemes), including the space before the word.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import { inTime } from './in-time.ts';
import { splitWords } from './whitespace.ts';

/** `start` and `end` in seconds of the recording. */
export type CaptionWord = {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** False for the later parts of a word that was cut. */
  readonly hasSpace: boolean;
  readonly width: number;
};

const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;

/** Words of a hypothesis with their times; from segments, spread by length, when it has no words. @throws TypeError without either */
export function toCaptionWords({ text, timestamp }: Hypothesis, lineLength: number): CaptionWord[] {
  const spans =
    timestamp.word?.map(({ word, start, end }) => ({ text: word, start, end })) ??
    timestamp.segment?.map(({ segment, start, end }) => ({ text: segment, start, end }));
  if (!spans && text.trim() !== '')
    throw new TypeError('Captions need timestamps: transcribe with { timestamps: true }.');
  return inTime(spans ?? []).flatMap(({ text: spanText, start, end }) => {
    // Nearly all words of an hour are this plain.
    if (spanText.length <= lineLength && PRINTABLE_ASCII.test(spanText))
      return { text: spanText, start, end, hasSpace: true, width: spanText.length };
    const parts = splitWords(cleanText(spanText)).flatMap((word) => cutWord(word, lineLength));
    const total = parts.reduce((sum, part) => sum + part.width, 0);
    let done = 0;
    return parts.map((part): CaptionWord => {
      const from = start + ((end - start) * done) / total;
      done += part.width;
      return { ...part, start: from, end: done === total ? end : start + ((end - start) * done) / total };
    });
  });
}

/** Characters of a line of words, with the spaces between them. */
export function widthOf(words: readonly CaptionWord[]): number {
  return words.reduce((sum, word, index) => sum + word.width + (index > 0 && word.hasSpace ? 1 : 0), 0);
}

/** Text of a line of words. */
export function lineText(words: readonly CaptionWord[]): string {
  return words.map(({ text, hasSpace }, index) => (index > 0 && hasSpace ? ` ${text}` : text)).join('');
}

/** Without control characters and bidirectional overrides, which would let a model's text reach outside its cue. */
export function cleanText(text: string): string {
  return text.replace(/[\t\n\r\u2028\u2029]/g, ' ').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '');
}

function cutWord(word: string, lineLength: number): Pick<CaptionWord, 'text' | 'hasSpace' | 'width'>[] {
  const graphemes = splitGraphemes(word);
  const parts: Pick<CaptionWord, 'text' | 'hasSpace' | 'width'>[] = [];
  const numParts = Math.ceil(graphemes.length / lineLength);
  const size = Math.ceil(graphemes.length / numParts);
  for (let from = 0; from < graphemes.length; from += size) {
    const part = graphemes.slice(from, from + size);
    parts.push({ text: part.join(''), hasSpace: from === 0, width: part.length });
  }
  return parts;
}

function splitGraphemes(text: string): string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return text.split('');
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);
}
