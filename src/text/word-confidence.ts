/**
 * Confidence of tokens to confidence of words, as many as the text has words (NeMo `_aggregate_token_confidence_*`).
 *
 * NeMo groups SentencePiece tokens only: a piece that is not its own text starts a word, `<unk>` is a word of its own, and a lone ▁ before
 * another ▁ prints nothing. Pieces of a WordPiece vocabulary are grouped here by their ## marks, where NeMo raises.
 */
import { type ConfidenceAggregation, aggregateConfidence } from './confidence.ts';
import type { TokenText } from './token-text.ts';
import { splitWords } from './whitespace.ts';

export function wordConfidence(
  text: string,
  ids: readonly number[],
  confidence: readonly number[],
  { tokenizer, aggregation }: { readonly tokenizer: TokenText; readonly aggregation: ConfidenceAggregation },
): number[] {
  const words = splitWords(text);
  if (words.length === 0) return [];
  const of = (from: number, to: number): number => aggregateConfidence(confidence.slice(from, to), aggregation);
  if (tokenizer.kind !== 'char') return wordStarts(ids, tokenizer).map(([from, to]) => of(from, to));

  // One token between two words is the space.
  let from = 0;
  return words.map((word) => {
    const to = Math.min(from + [...word].length, confidence.length);
    const value = of(Math.min(from, confidence.length - 1), to);
    from = to + 1;
    return value;
  });
}

/** Ranges of tokens that make a word each. */
function wordStarts(ids: readonly number[], tokenizer: TokenText): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  const tokens = tokenizer.idsToTokens(ids);
  const isWordPiece = tokenizer.pieces.some((piece) => piece.startsWith('##'));
  let start = 0;
  tokens.forEach((token, index) => {
    const previous = tokens[index - 1];
    const starts = isWordPiece
      ? !token.startsWith('##')
      : token !== tokenizer.tokensToText([token]) || previous === '<unk>';
    if (!starts || index === start) return;
    if (previous !== '▁') ranges.push([start, index]);
    start = index;
  });
  if (tokens.at(-1) !== '▁') ranges.push([start, tokens.length]);
  return ranges;
}
