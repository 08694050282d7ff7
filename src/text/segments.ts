/**
 * Words to segments (sentences): NeMo `get_segment_offsets`.
 *
 * With a gap threshold NeMo looks at punctuation only for the first word of a segment: the two tests are branches of one `if`.
 */
import type { WordSpan } from './words.ts';

export type SegmentSpan = { readonly segment: string; readonly startOffset: number; readonly endOffset: number };

export type SegmentOptions = {
  /** A word that is one of these, or ends in one, ends a segment. @default ['.', '!', '?'] */
  readonly segmentSeparators?: readonly string[] | undefined;
  /** Encoder frames between two words from which on they belong to different segments. */
  readonly segmentGapThreshold?: number | undefined;
};

export function toSegments(words: readonly WordSpan[], options: SegmentOptions = {}): SegmentSpan[] {
  const { segmentSeparators = ['.', '!', '?'], segmentGapThreshold } = options;
  const segments: SegmentSpan[] = [];
  let first = 0;
  const finish = (end: number): void => {
    if (end > first) {
      const segment = words
        .slice(first, end)
        .map(({ word }) => word)
        .join(' ');
      segments.push({ segment, startOffset: words[first]!.startOffset, endOffset: words[end - 1]!.endOffset });
    }
    first = end;
  };

  for (const [index, { word, startOffset }] of words.entries()) {
    if (segmentGapThreshold && index > first) {
      if (startOffset - words[index - 1]!.endOffset >= segmentGapThreshold) finish(index);
    } else if (word !== '' && (segmentSeparators.includes([...word].at(-1)!) || segmentSeparators.includes(word))) {
      finish(index + 1);
    }
  }
  finish(words.length);
  return segments;
}
