/**
 * Frames that each token spans, by NeMo's three rules (`_compute_offsets`, `_compute_offsets_tdt`, `_refine_timestamps`).
 *
 * CTC: a token ends at the frame that first emits it and starts where the token before ended, so everything looks early.
 * RNNT: exactly one frame. TDT: the predicted duration. A punctuation mark has no length (CTC, TDT) and for TDT sits behind its word.
 */
import type { Emission } from '../base/emission.ts';
import type { TokenText } from './token-text.ts';

export type DecoderKind = 'ctc' | 'rnnt' | 'tdt';

/** One token: its piece, the text it prints alone ('' for a lone ▁), and its frames. */
export type TokenSpan = {
  readonly piece: string;
  readonly text: string;
  readonly startOffset: number;
  readonly endOffset: number;
};

export function toTokenSpans(
  emissions: readonly Emission[],
  {
    tokenizer,
    decoder,
    punctuation,
  }: { readonly tokenizer: TokenText; readonly decoder: DecoderKind; readonly punctuation: ReadonlySet<string> },
): TokenSpan[] {
  const pieces = tokenizer.idsToTokens(emissions.map((emission) => emission.token));
  const spans: TokenSpan[] = [];
  for (const [index, { frame, duration }] of emissions.entries()) {
    const piece = pieces[index]!;
    const text = tokenizer.tokensToText([piece]);
    const previous = emissions[index - 1];
    let [startOffset, endOffset] = [frame, frame + 1];
    if (decoder === 'tdt') endOffset = frame + duration;
    if (decoder === 'ctc') [startOffset, endOffset] = [previous ? previous.frame : Math.max(0, frame - 1), frame];

    const firstCharacter = String.fromCodePoint(...(text === '' ? [] : [text.codePointAt(0)!]));
    if (index > 0 && decoder === 'ctc' && punctuation.has(firstCharacter)) endOffset = startOffset;
    if (index > 0 && decoder === 'tdt' && punctuation.has(text)) startOffset = endOffset = spans[index - 1]!.endOffset;
    spans.push({ piece, text, startOffset, endOffset });
  }
  return spans;
}
