/**
 * Prompts to ids: NeMo `CanaryTokenizer._tokenize_special_prompt` and, for one SentencePiece with the special tokens inside, `CanaryBPETokenizer`.
 *
 * The second encodes the whole prompt as text, so its ids begin with a lone ▁: the checkpoint was trained with it.
 */
import { AsrError } from '../base/errors.ts';
import type { PromptPart } from '../base/prompt.ts';
import type { AggregateTokenizer } from './aggregate.ts';
import type { Tokenizer } from './tokenizer.ts';

const SPECIAL = 'spl_tokens';

/** Tokens an error message lists at most. */
const MAX_LISTED = 60;

/** Languages that newer checkpoints know by region only. */
const REGIONS: Readonly<Record<string, string>> = { en: 'en-US', es: 'es-ES', fr: 'fr-FR', de: 'de-DE' };

/** Ids of one turn. @throws AsrError `unsupported-option` for a token or language the checkpoint lacks, with those it has */
export function encodePrompt(tokenizer: Tokenizer, parts: readonly PromptPart[]): number[] {
  if (isAggregate(tokenizer)) {
    return parts.flatMap((part) =>
      'token' in part
        ? [specialId(tokenizer, part.token)]
        : tokenizer.textToIds(part.text, subTokenizer(tokenizer, part.lang)),
    );
  }
  for (const part of parts) if ('token' in part) specialId(tokenizer, part.token);
  return tokenizer.textToIds(parts.map((part) => ('token' in part ? part.token : part.text)).join(''));
}

/** Id of a token such as `<|endoftext|>` or `<pad>`. */
export function specialId(tokenizer: Tokenizer, token: string): number {
  const from = isAggregate(tokenizer) && tokenizer.langs.includes(SPECIAL) ? tokenizer.offsetOf(SPECIAL) : 0;
  const id = tokenizer.pieces.indexOf(token, from);
  if (id >= 0) return id;
  const language = languageOf(token);
  const what = language === undefined ? `token ${token}` : `language "${language}"`;
  const known =
    language === undefined ? tokenizer.pieces.filter((piece) => /^<\|.*\|>$/.test(piece)) : promptLanguages(tokenizer);
  throw new AsrError(
    'unsupported-option',
    `This checkpoint has no ${what}; it has ${known.slice(0, MAX_LISTED).join(', ') || 'none'}.`,
  );
}

/** Languages a prompt may name: those that have a token. */
export function promptLanguages({ pieces }: Tokenizer): string[] {
  return pieces.flatMap((piece) => languageOf(piece) ?? []);
}

/** The language of a token such as `<|de|>`. Two slots have values that look like one. */
function languageOf(token: string): string | undefined {
  const language = /^<\|([a-z]{2,3}(?:-[A-Za-z]{2,4})?)\|>$/.exec(token)?.[1];
  return language === 'pnc' || language === 'itn' ? undefined : language;
}

function isAggregate(tokenizer: Tokenizer): tokenizer is AggregateTokenizer {
  return tokenizer.kind === 'aggregate';
}

function subTokenizer({ langs }: AggregateTokenizer, lang: string): string {
  if (langs.includes(lang)) return lang;
  const region = REGIONS[lang];
  if (region !== undefined && langs.includes(region)) return region;
  const known = langs.filter((name) => name !== SPECIAL);
  throw new AsrError(
    'unsupported-option',
    `This checkpoint has no tokenizer for language "${lang}"; it has ${known.join(', ')}.`,
  );
}
