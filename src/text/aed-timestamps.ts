/**
 * Timestamps that an attention decoder writes into its text: `<|12|> word<|17|>`, encoder frames around each word (Canary).
 *
 * NeMo `process_aed_timestamp_outputs`: the text is rebuilt from the timed words, so anything outside a pair of tags is lost.
 */
import type { Timestamp } from '../base/hypothesis.ts';
import { toSegments } from './segments.ts';
import { type FrameTime, timeSpan } from './timestamps.ts';

const TIMED = /<\|(\d+)\|>(.*?)<\|(\d+)\|>/g;

/** @param text decoded with its time tokens. Text without any comes back trimmed, with empty lists. */
export function toAedTimestamps(text: string, time: FrameTime): { text: string; timestamp: Timestamp } {
  const trimmed = text.trim();
  const matches = [...trimmed.matchAll(TIMED)];
  if (matches.length === 0) return { text: trimmed, timestamp: { timestep: [], char: [], word: [], segment: [] } };
  const words = matches
    .map(([, start, content, end]) => ({ word: content!.trim(), startOffset: Number(start), endOffset: Number(end) }))
    .filter(({ word }) => word !== '');
  return {
    text: words.map(({ word }) => word).join(' '),
    timestamp: {
      timestep: [],
      char: [],
      word: words.map(({ word, ...span }) => ({ word, ...timeSpan(span, time) })),
      segment: toSegments(words).map(({ segment, ...span }) => ({ segment, ...timeSpan(span, time) })),
    },
  };
}
