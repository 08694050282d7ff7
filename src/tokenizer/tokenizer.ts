/**
 * What every tokenizer does: token ids to text and back, as the NeMo class of the same kind does it.
 *
 * `tokensToText(idsToTokens(ids))`, not `idsToText(ids)`, is what NeMo's decoders print: the two differ for WordPiece, where only
 * `idsToText` drops `[UNK]` and the other special tokens.
 */
export interface Tokenizer {
  readonly kind: 'sentencepiece' | 'wordpiece' | 'char' | 'aggregate';
  /** Number of tokens; the blank of CTC and RNNT has this id. */
  readonly vocabularySize: number;
  /** Pieces by id, as the decoder's config lists them. */
  readonly pieces: readonly string[];
  /** NeMo `ids_to_text`. @throws AsrError `checkpoint-corrupt` for an id outside the vocabulary */
  idsToText(ids: readonly number[]): string;
  /** NeMo `ids_to_tokens`. @throws AsrError `checkpoint-corrupt` for an id outside the vocabulary */
  idsToTokens(ids: readonly number[]): string[];
  /** NeMo `tokens_to_text`. Tokens outside the vocabulary stand for themselves. */
  tokensToText(tokens: readonly string[]): string;
  /** NeMo `text_to_ids`. @param lang wanted by aggregate tokenizers only: the sub-tokenizer to use */
  textToIds(text: string, lang?: string): number[];
}
