/**
 * A tokenizer for checkpoints that carry their pieces but no SentencePiece model: a config's `vocabulary`, an ONNX folder's `tokens.txt`.
 *
 * Decoding is SentencePiece's with its usual settings. Encoding is impossible: the scores that decide between two segmentations are not there.
 */
import { AsrError } from '../base/errors.ts';
import { lookUpPieces } from './piece-lookup.ts';
import { decodePieces, type DecodingModel, mapPieces } from './sentencepiece-decode.ts';
import type { PieceType } from './sentencepiece-model.ts';
import type { Tokenizer } from './tokenizer.ts';

const CONTROL = new Set(['<s>', '</s>', '<pad>', '<blk>', '<blank>']);

/** @param vocabulary pieces by id, with ▁ for a space and without the blank. `textToIds` throws `unsupported-option`. */
export function createVocabularyTokenizer(vocabulary: readonly string[]): Tokenizer {
  const pieces = [...vocabulary];
  const hasBytes = pieces.filter((piece) => /^<0x[0-9A-F]{2}>$/.test(piece)).length === 256;
  const types = pieces.map((piece): PieceType => {
    if (piece === '<unk>') return 'unknown';
    if (CONTROL.has(piece)) return 'control';
    return hasBytes && /^<0x[0-9A-F]{2}>$/.test(piece) ? 'byte' : 'normal';
  });
  const model: DecodingModel = {
    pieces,
    types,
    unknownId: pieces.indexOf('<unk>'),
    unknownSurface: ' \u2047 ',
    normalizer: {
      charsmap: new Uint8Array(0),
      addDummyPrefix: true,
      removeExtraWhitespaces: true,
      escapeWhitespaces: true,
    },
  };
  const ids = mapPieces(model);

  return {
    kind: 'sentencepiece',
    vocabularySize: pieces.length,
    pieces,
    tokensToText: (tokens) => decodePieces(tokens, ids, model),
    idsToTokens: (tokenIds) => lookUpPieces(pieces, tokenIds),
    idsToText: (tokenIds) => decodePieces(lookUpPieces(pieces, tokenIds), ids, model),
    textToIds: () => {
      throw new AsrError(
        'unsupported-option',
        'This checkpoint holds no tokenizer model, only its pieces: text cannot be turned into tokens.',
      );
    },
  };
}
