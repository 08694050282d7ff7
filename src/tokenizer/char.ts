/**
 * Character models: labels instead of a tokenizer, as NeMo's `CTCDecoding`/`RNNTDecoding` and `CharParser` (without its normalisation).
 *
 * A label may be longer than a character, but is then only found where it is a whole word; characters without a label are dropped.
 */
import { lookUpPieces } from './piece-lookup.ts';
import type { Tokenizer } from './tokenizer.ts';

/** @param labels labels by id, without the blank */
export function createCharTokenizer(labels: readonly string[]): Tokenizer {
  const pieces = [...labels];
  const ids = new Map(pieces.map((label, id) => [label, id]));

  return {
    kind: 'char',
    vocabularySize: pieces.length,
    pieces,
    tokensToText: (tokens) => tokens.join(''),
    idsToTokens: (tokenIds) => lookUpPieces(pieces, tokenIds),
    idsToText: (tokenIds) => lookUpPieces(pieces, tokenIds).join(''),
    textToIds: (text) =>
      text
        .split(' ')
        .flatMap((word, index) => [...(index > 0 ? [' '] : []), ...(ids.has(word) ? [word] : word)])
        .map((label) => ids.get(label) ?? -1)
        .filter((id) => id >= 0),
  };
}
