/**
 * WordPiece tokenizers: NeMo's `wpe` type, read by Hugging Face's BertTokenizer with the settings of bert-base-cased (case is kept).
 *
 * `tokensToText` prints `[UNK]` and its kin, `idsToText` drops them; NeMo's decoders use the former. A `##` at the very start stays.
 */
import { lookUpPieces } from './piece-lookup.ts';
import type { Tokenizer } from './tokenizer.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const MAX_WORD_CHARACTERS = 100; // BERT max_input_chars_per_word: a longer word is unknown
const CONTINUATION = '##';

/** @param vocabText text of `vocab.txt`: one token a line, ids in the order of the lines */
export function createWordPieceTokenizer(vocabText: string): Tokenizer {
  const pieces = vocabText
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
  // A vocabulary without them gets them behind its last line, in this order.
  for (const token of ['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]']) if (!pieces.includes(token)) pieces.push(token);
  const ids = new Map(pieces.map((piece, id) => [piece, id]));

  return {
    kind: 'wordpiece',
    vocabularySize: pieces.length,
    pieces,
    tokensToText: joinPieces,
    idsToTokens: (tokenIds) => lookUpPieces(pieces, tokenIds),
    idsToText: (tokenIds) => joinPieces(lookUpPieces(pieces, tokenIds).filter((piece) => !SPECIAL.includes(piece))),
    textToIds: (text) => splitWords(text).flatMap((word) => encodeWord(word, ids)),
  };
}

/** The `WordPiece` decoder of Hugging Face tokenizers, with its clean-up of English contractions and marks. */
function joinPieces(tokens: readonly string[]): string {
  return tokens
    .map((token, index) => {
      if (index === 0) return cleanUp(token);
      return cleanUp(token.startsWith(CONTINUATION) ? token.slice(CONTINUATION.length) : ` ${token}`);
    })
    .join('');
}

const CLEAN_UP: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function cleanUp(token: string): string {
  return CLEAN_UP.reduce((text, [from, to]) => text.replaceAll(from, to), token);
}

/** BertNormalizer and BertPreTokenizer: no control characters; punctuation marks and Chinese characters are words of their own. */
function splitWords(text: string): string[] {
  return text.split(/(\[(?:PAD|UNK|CLS|SEP|MASK)\])/).flatMap((part) => {
    if (SPECIAL.includes(part)) return [part];
    return part
      .replace(/[\t\n\r]/g, ' ')
      .replace(/[\0\ufffd\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '')
      .replace(CHINESE, ' $& ')
      .replace(/[\p{P}$+<=>^`|~]/gu, ' $& ')
      .split(/\p{White_Space}+/u)
      .filter((word) => word !== '');
  });
}

const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** Longest piece first; a word with a part that no piece covers is one unknown token. */
function encodeWord(word: string, ids: ReadonlyMap<string, number>): number[] {
  const characters = [...word];
  const unknown = [ids.get('[UNK]') ?? -1].filter((id) => id >= 0);
  const special = SPECIAL.includes(word) ? ids.get(word) : undefined;
  if (special !== undefined) return [special];
  if (characters.length > MAX_WORD_CHARACTERS) return unknown;
  const result: number[] = [];
  for (let start = 0; start < characters.length; ) {
    let end = characters.length;
    let id: number | undefined;
    for (; end > start; end--) {
      id = ids.get((start > 0 ? CONTINUATION : '') + characters.slice(start, end).join(''));
      if (id !== undefined) break;
    }
    if (id === undefined) return unknown;
    result.push(id);
    start = end;
  }
  return result;
}
