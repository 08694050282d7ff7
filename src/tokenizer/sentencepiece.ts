/**
 * A SentencePiece tokenizer: what google/sentencepiece 0.2 does behind NeMo's `SentencePieceTokenizer`.
 *
 * The model decides everything: its type picks the algorithm, its rules the normalisation. A wrong guess gives other ids without an error.
 */
import type { Tokenizer } from './tokenizer.ts';
import { lookUpPieces } from './piece-lookup.ts';
import { characterEnd, PrefixTree } from './prefix-tree.ts';
import { createBpeSegmenter } from './sentencepiece-bpe.ts';
import { decodePieces, mapPieces } from './sentencepiece-decode.ts';
import type { SentencePieceModel } from './sentencepiece-model.ts';
import { createNormalizer } from './sentencepiece-normalizer.ts';
import { createUnigramSegmenter, type Segment, type Segmenter } from './sentencepiece-unigram.ts';

/** NeMo `SentencePieceTokenizer` (without its `legacy` mode, which no ASR checkpoint uses). */
export function createSentencePieceTokenizer(model: SentencePieceModel): Tokenizer {
  const { pieces } = model;
  const ids = mapPieces(model);
  const denormalize =
    model.denormalizer && model.denormalizer.charsmap.length > 0 ? createNormalizer(model.denormalizer) : undefined;
  // Most pages only decode: the trees for encoding are built when first asked for.
  let encode: ((text: string) => number[]) | undefined;

  const tokensToText = (tokens: readonly string[]): string => {
    const text = decodePieces(tokens, ids, model);
    return denormalize ? denormalize(text) : text;
  };
  return {
    kind: 'sentencepiece',
    vocabularySize: pieces.length,
    pieces,
    tokensToText,
    idsToTokens: (tokenIds) => lookUpPieces(pieces, tokenIds),
    idsToText: (tokenIds) => tokensToText(lookUpPieces(pieces, tokenIds)),
    textToIds: (text) => {
      encode ??= createEncoder(model, ids);
      return encode(text);
    },
  };
}

function createEncoder(model: SentencePieceModel, ids: ReadonlyMap<string, number>): (text: string) => number[] {
  const { types, unknownId, treatWhitespaceAsSuffix } = model;
  const userDefined = new PrefixTree(
    [...model.pieces.entries()].filter(([id]) => types[id] === 'user-defined').map(([id, piece]) => [piece, id]),
  );
  const normalize = createNormalizer(model.normalizer, { keep: userDefined, treatWhitespaceAsSuffix });
  const segment = createSegmenter(model, ids, userDefined);

  return (text) => {
    const result: number[] = [];
    let isPreviousUnknown = false;
    for (const { piece, id } of segment(normalize(text))) {
      const isUnknown = id === unknownId;
      if (isUnknown && model.byteFallback) {
        for (const byte of new TextEncoder().encode(piece))
          result.push(ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)!);
      } else if (!isUnknown || !isPreviousUnknown) {
        result.push(id); // a run of unknown characters is one token
      }
      isPreviousUnknown = isUnknown;
    }
    return result;
  };
}

function createSegmenter(
  model: SentencePieceModel,
  ids: ReadonlyMap<string, number>,
  userDefined: PrefixTree,
): Segmenter {
  const withId = (piece: string): Segment => ({ piece, id: ids.get(piece) ?? model.unknownId });
  switch (model.type) {
    case 'unigram':
      return createUnigramSegmenter(model);
    case 'bpe':
      return createBpeSegmenter(model, ids, userDefined);
    case 'word':
      return (text) => (text.match(/▁[^▁]*|[^▁]+/g) ?? []).map(withId);
    case 'char':
      return (text) => splitCharacters(text, userDefined).map(withId);
  }
}

function splitCharacters(text: string, userDefined: PrefixTree): string[] {
  const characters: string[] = [];
  for (let start = 0; start < text.length; ) {
    const match = userDefined.longestMatch(text, start);
    const end = match > start ? match : characterEnd(text, start);
    characters.push(text.slice(start, end));
    start = end;
  }
  return characters;
}
