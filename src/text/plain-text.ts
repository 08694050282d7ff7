/**
 * The text of a hypothesis in paragraphs.
 *
 * Without speakers a paragraph can only follow the pauses: it ends at a sentence end before a long pause, sooner once it has grown long.
 * Sentences are not counted, and lines are not wrapped.
 */
import type { Hypothesis } from '../base/hypothesis.ts';

const LONG_PAUSE = 1.5; // s
const SHORT_PAUSE = 0.7; // s, enough once a paragraph is LONG_PARAGRAPH characters long
const LONG_PARAGRAPH = 500;
const MAX_PARAGRAPH = 900;

/** `hypothesis.text`, with a blank line between paragraphs where it has word timestamps. */
export function toText({ text, timestamp }: Hypothesis): string {
  const trimmed = text.trim();
  const paragraphs: string[] = [];
  let from = 0; // where the current paragraph starts in the text
  let position = 0;
  let candidate: { end: number; pause: number } | undefined;
  for (const [index, { word, end }] of (timestamp.word ?? []).entries()) {
    const at = trimmed.indexOf(word, position);
    if (at < 0) return trimmed; // words that are not the text's own: better no paragraphs than wrong ones
    position = at + word.length;
    const pause = (timestamp.word![index + 1]?.start ?? end) - end;
    const length = position - from;
    if (/[.!?…。！？]["'”’)]*$/u.test(word)) {
      if (pause >= LONG_PAUSE || (pause >= SHORT_PAUSE && length > LONG_PARAGRAPH))
        candidate = { end: position, pause: Number.POSITIVE_INFINITY };
      else if (length > LONG_PARAGRAPH / 2 && pause >= (candidate?.pause ?? 0)) candidate = { end: position, pause };
    }
    if (!candidate || (candidate.pause !== Number.POSITIVE_INFINITY && length < MAX_PARAGRAPH)) continue;
    paragraphs.push(trimmed.slice(from, candidate.end).trim());
    from = candidate.end;
    candidate = undefined;
  }
  paragraphs.push(trimmed.slice(from).trim());
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}
