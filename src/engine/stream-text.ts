/**
 * Splits the text of a running decoding into a settled part that only grows and a draft that may still change.
 *
 * The last word is draft until the next one begins: greedy decoding never takes a token back, but a word may still get its ending.
 */
import type { WordStamp } from '../base/hypothesis.ts';

export class CommittedText {
  #committed = '';

  get committed(): string {
    return this.#committed;
  }

  /** Settles all but the last word of `text`, or all of it; returns the draft that is left. */
  settle(text: string, isFinal: boolean): string {
    const boundary = isFinal ? text.length : text.lastIndexOf(' ') + 1;
    const settled = text.slice(0, boundary);
    if (settled.startsWith(this.#committed)) this.#committed = settled;
    return text.startsWith(this.#committed) ? text.slice(this.#committed.length) : text.slice(boundary);
  }
}

/** Words that end before `time` seconds, shifted by `offset` seconds. */
export function shiftWords(words: readonly WordStamp[], offset: number, offsetFrames: number): WordStamp[] {
  return words.map((word) => ({
    ...word,
    startOffset: word.startOffset + offsetFrames,
    endOffset: word.endOffset + offsetFrames,
    start: word.start + offset,
    end: word.end + offset,
  }));
}
