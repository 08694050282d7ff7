/**
 * SentencePiece pieces to text, as `SentencePieceProcessor::Decode`.
 *
 * It is more than replacing ▁ by a space: the first space goes (by two different rules), control pieces are invisible, byte pieces are
 * gathered into characters, and an unknown piece prints " ⁇ ".
 */
import type { SentencePieceModel } from './sentencepiece-model.ts';
import { SPACE_SYMBOL } from './sentencepiece-normalizer.ts';

/** Ids by piece. Reserved pieces (control, unknown, byte) hide text pieces of the same spelling. */
export function mapPieces({
  pieces,
  types,
}: Pick<SentencePieceModel, 'pieces' | 'types'>): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const [id, piece] of pieces.entries()) {
    const isReserved = types[id] === 'control' || types[id] === 'unknown' || types[id] === 'byte';
    if (isReserved || !ids.has(piece)) ids.set(piece, id);
  }
  return ids;
}

/** What decoding needs to know of a model; `unknownId` is -1 when there is none. */
export type DecodingModel = Pick<
  SentencePieceModel,
  'pieces' | 'types' | 'unknownId' | 'normalizer' | 'unknownSurface'
>;

/** Text of `tokens`. A token that is no piece of the model stands for itself. */
export function decodePieces(
  tokens: readonly string[],
  ids: ReadonlyMap<string, number>,
  model: DecodingModel,
): string {
  const { addDummyPrefix, removeExtraWhitespaces } = model.normalizer;
  let text = '';
  let bytes: number[] = [];
  let isStart = true;
  let sawStartSpace = false;

  for (const token of tokens) {
    const id = ids.get(token) ?? model.unknownId;
    const type = model.types[id];
    if (type === 'byte') {
      bytes.push(Number(model.pieces[id]!.slice(1, -1)));
      continue;
    }
    text += decodeBytes(bytes);
    bytes = [];
    if (sawStartSpace || text !== '') isStart = false;
    sawStartSpace = false;
    if (type === 'control') continue;
    if (type === 'unknown') {
      text += token === model.pieces[id] ? model.unknownSurface : token;
      continue;
    }
    let piece = token;
    if (isStart && (addDummyPrefix || removeExtraWhitespaces) && piece.startsWith(SPACE_SYMBOL)) {
      piece = piece.slice(SPACE_SYMBOL.length);
      // When extra spaces are removed, every space at the start goes, not only the first.
      sawStartSpace = !removeExtraWhitespaces;
    }
    text += piece.replaceAll(SPACE_SYMBOL, ' ');
  }
  return text + decodeBytes(bytes);
}

/** UTF-8, with one U+FFFD for each byte that is not part of a character (TextDecoder would merge several into one). */
function decodeBytes(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const length =
      first < 0x80
        ? 1
        : first >= 0xc2 && first < 0xe0
          ? 2
          : first >= 0xe0 && first < 0xf0
            ? 3
            : first >= 0xf0 && first < 0xf5
              ? 4
              : 0;
    const character =
      length > 0 && i + length <= bytes.length ? decodeCharacter(bytes.slice(i, i + length)) : undefined;
    text += character ?? '\ufffd';
    i += character === undefined ? 1 : length;
  }
  return text;
}

function decodeCharacter(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined; // not a character: the caller prints U+FFFD
  }
}
