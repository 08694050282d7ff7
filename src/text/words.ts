/**
 * Tokens to words: NeMo `get_words_offsets`, branch by branch.
 *
 * A word starts where a piece is not its own text (the ▁ of SentencePiece is gone from it), at a piece without ## (WordPiece) or after the
 * separator (characters). Punctuation never starts a word: it joins the word before, without the space between.
 */
import type { TokenSpan } from './token-spans.ts';

export type WordSpan = { readonly word: string; readonly startOffset: number; readonly endOffset: number };

export type WordOptions = {
  /** How pieces mark words. */
  readonly pieceKind: 'bpe' | 'wpe' | 'char';
  readonly punctuation: ReadonlySet<string>;
  readonly separator: string;
  readonly tokensToText: (tokens: readonly string[]) => string;
};

export function toWords(spans: readonly TokenSpan[], options: WordOptions): WordSpan[] {
  const { punctuation, separator, tokensToText } = options;
  const words: { word: string; startOffset: number; endOffset: number }[] = [];
  let built: string[] = []; // pieces of the word under construction: decoded together, so that ## and bytes join up
  let firstIndex = 0;
  const finish = (endOffset: number): void => {
    if (built.length > 0)
      words.push({ word: tokensToText(built), startOffset: spans[firstIndex]!.startOffset, endOffset });
    built = [];
  };

  for (const [index, span] of spans.entries()) {
    const isPunctuation = punctuation.has(span.text) && span.text !== separator;
    if (!isPunctuation && startsWord(spans, index, options)) {
      if (built.length > 0) finish(spans[index - 1]!.endOffset);
      if (span.text === separator) continue;
      built.push(span.piece);
      firstIndex = index;
    } else if (isPunctuation && built.length === 0 && words.length > 0) {
      const last = words.at(-1)!;
      last.endOffset = span.endOffset;
      last.word = (last.word.endsWith(' ') ? last.word.slice(0, -1) : last.word) + span.text;
    } else if (isPunctuation && built.length > 0) {
      if ([' ', '_', '▁'].includes(built.at(-1)!)) built.pop();
      built.push(span.piece);
    } else {
      if (built.length === 0) firstIndex = index;
      built.push(span.piece);
    }
  }
  if (words.length === 0) firstIndex = 0;
  if (built.length > 0) finish(spans.at(-1)!.endOffset);
  if (words.length > 0) words[0]!.startOffset = spans[0]!.startOffset;
  return words;
}

function startsWord(
  spans: readonly TokenSpan[],
  index: number,
  { pieceKind, punctuation, separator }: WordOptions,
): boolean {
  const { piece, text } = spans[index]!;
  if (separator !== ' ') return text === separator;
  const isSeparator = text === separator && !punctuation.has(nextText(spans, index, separator));
  if (pieceKind === 'bpe') return piece !== text || isSeparator;
  if (pieceKind === 'wpe') return (text !== '' && !text.startsWith('##')) || isSeparator;
  return isSeparator;
}

/** Text of the next token that prints something other than the separator. */
function nextText(spans: readonly TokenSpan[], index: number, separator: string): string {
  for (let next = index + 1; next < spans.length; next++) {
    const { text } = spans[next]!;
    if (text !== '' && text !== separator) return text;
  }
  return '';
}
