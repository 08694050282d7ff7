/** Ids to pieces, checked: a head wider than its vocabulary (a wrong tokenizer in the archive) must not print "undefined". */
import { AsrError } from '../base/errors.ts';

/** Pieces of `ids`. @throws AsrError `checkpoint-corrupt` for an id outside the vocabulary */
export function lookUpPieces(pieces: readonly string[], ids: readonly number[]): string[] {
  return ids.map((id) => {
    const piece = pieces[id];
    if (piece !== undefined) return piece;
    throw new AsrError(
      'checkpoint-corrupt',
      `Token ${id} is outside the tokenizer's vocabulary of ${pieces.length} pieces.`,
    );
  });
}
