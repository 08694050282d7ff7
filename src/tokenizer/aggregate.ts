/**
 * Several tokenizers side by side, one a language, their ids one after another: NeMo `AggregateTokenizer` and `CanaryTokenizer`.
 *
 * Decoding only joins the pieces: unlike with SentencePiece alone the leading space stays, and `<unk>` prints as it is spelled. Canary's
 * special tokens are the sub-tokenizer `spl_tokens`, which comes first, so that their ids need no offset.
 */
import { AsrError } from '../base/errors.ts';
import { lookUpPieces } from './piece-lookup.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface AggregateTokenizer extends Tokenizer {
  readonly kind: 'aggregate';
  /** Languages in the order of their ids. */
  readonly langs: readonly string[];
  /** First id of a language. @throws AsrError `unsupported-option` for a language the checkpoint lacks */
  offsetOf(lang: string): number;
  /** Language with the most tokens, the first one met on a tie; '' without tokens. */
  idsToLang(ids: readonly number[]): string;
  /** Text and language of each token (NeMo `langs_chars`). */
  idsToTextAndLangs(ids: readonly number[]): { char: string; lang: string }[];
  /** Words, begun by a piece with ▁, and the language most of their tokens have. */
  idsToWordsAndLangs(ids: readonly number[]): { word: string; lang: string }[];
}

/** @param langs tokenizers by language, in the order of the config */
export function createAggregateTokenizer(langs: readonly (readonly [string, Tokenizer])[]): AggregateTokenizer {
  const pieces: string[] = [];
  const langOf: string[] = [];
  const offsets = new Map<string, number>();
  for (const [lang, tokenizer] of langs) {
    offsets.set(lang, pieces.length);
    for (const piece of tokenizer.pieces) {
      pieces.push(piece);
      langOf.push(lang);
    }
  }
  const tokenizers = new Map(langs);

  const idsToTokens = (ids: readonly number[]): string[] => lookUpPieces(pieces, ids);
  const tokensToText = (tokens: readonly string[]): string => tokens.join('').replaceAll('▁', ' ');
  const idsToText = (ids: readonly number[]): string => tokensToText(idsToTokens(ids));
  const offsetOf = (lang: string): number => {
    const offset = offsets.get(lang);
    if (offset !== undefined) return offset;
    throw new AsrError(
      'unsupported-option',
      `This checkpoint has no language "${lang}"; it has ${[...offsets.keys()].join(', ')}.`,
    );
  };
  const idsToLang = (ids: readonly number[]): string => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(langOf[id]!, (counts.get(langOf[id]!) ?? 0) + 1);
    let best = '';
    for (const [lang, count] of counts) if (count > (counts.get(best) ?? -1)) best = lang;
    return best;
  };

  return {
    kind: 'aggregate',
    vocabularySize: pieces.length,
    pieces,
    langs: langs.map(([lang]) => lang),
    offsetOf,
    idsToTokens,
    tokensToText,
    idsToText,
    idsToLang,
    idsToTextAndLangs: (ids) => ids.map((id) => ({ char: idsToText([id]).trim(), lang: langOf[id]! })),
    idsToWordsAndLangs: (ids) =>
      splitWords(ids, pieces).map((word) => ({ word: idsToText(word).trim(), lang: idsToLang(word) })),
    textToIds: (text, lang) => {
      if (lang === undefined) throw new TypeError('textToIds of an aggregate tokenizer needs a language.');
      const offset = offsetOf(lang);
      return tokenizers
        .get(lang)!
        .textToIds(text)
        .map((id) => id + offset);
    },
  };
}

function splitWords(ids: readonly number[], pieces: readonly string[]): number[][] {
  const words: number[][] = [];
  for (const id of ids) {
    if (words.length === 0 || pieces[id]!.startsWith('▁')) words.push([]);
    words.at(-1)!.push(id);
  }
  return words;
}
