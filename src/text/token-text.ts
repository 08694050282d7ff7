/**
 * Token ids to the text NeMo prints: pieces to string, then one space less before each punctuation mark of the vocabulary.
 *
 * "Supported punctuation" is a property of the vocabulary, not of the language: any character of Unicode category P in a piece counts, except
 * in pieces that begin a word (▁…), go on in one (##…) or look special ([…], <…>). So an apostrophe is punctuation where it is a token.
 */
import { whitespaceClass } from './whitespace.ts';

/** What text assembly needs of a tokenizer. */
export interface TokenText {
  readonly kind: string;
  readonly pieces: readonly string[];
  idsToTokens(ids: readonly number[]): string[];
  tokensToText(tokens: readonly string[]): string;
}

const SPECIAL_PIECE = new RegExp(`^\\[.*\\]$|^<.*>$|^##|^▁|^${whitespaceClass}*$`, 'u');

/** NeMo `extract_punctuation_from_vocab`: the punctuation marks of a vocabulary. Compute it once a checkpoint. */
export function supportedPunctuation(pieces: readonly string[]): ReadonlySet<string> {
  const marks = new Set<string>();
  for (const piece of pieces) {
    if (SPECIAL_PIECE.test(piece)) continue;
    for (const character of piece) if (/\p{P}/u.test(character)) marks.add(character);
  }
  return marks;
}

/** NeMo `decode_tokens_to_str_with_strip_punctuation`: the text of a hypothesis. */
export function idsToTranscript(
  ids: readonly number[],
  tokenizer: TokenText,
  punctuation: ReadonlySet<string>,
): string {
  return stripPunctuationSpace(tokenizer.tokensToText(tokenizer.idsToTokens(ids)), punctuation);
}

/** Removes one whitespace character before each supported mark; only one, as more of them are the model's own doing. */
export function stripPunctuationSpace(text: string, punctuation: ReadonlySet<string>): string {
  if (punctuation.size === 0) return text;
  return text.replace(SPACE_AND_CHARACTER, (both, character: string) =>
    punctuation.has(character) ? character : both,
  );
}

// The character behind the space must itself be free to be the space of the next pair: "a  ." loses its second space.
const SPACE_AND_CHARACTER = new RegExp(`${whitespaceClass}((?!${whitespaceClass}).)`, 'gsu');

/** NeMo `strip_lang_tags`: takes tags such as `<en-US>` out of the text of prompt models. @param pattern a regular expression of its own */
export function stripLangTags(text: string, pattern?: string): string {
  return text.replace(pattern === undefined ? LANG_TAG : (compilePattern(pattern) ?? LANG_TAG), '').trim();
}

/** A regular expression written for Python, as far as JavaScript reads it; undefined where it does not. */
export function compilePattern(pattern: string): RegExp | undefined {
  for (const flags of ['gu', 'g']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // Python may escape what needs none, which is an error only with `u`.
    }
  }
  return undefined;
}

const LANG_TAG = new RegExp(`${whitespaceClass}*<[a-z]{2}-[A-Z]{2}>`, 'gu');
