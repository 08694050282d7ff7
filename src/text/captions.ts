/**
 * Words to captions: what stands on screen together, in which lines, from when to when.
 *
 * Times are whole milliseconds, rounded once, so that cues cannot overlap afterwards. A cue that is too fast takes from the silence after
 * it; only the last word's end may give way, to the gap before the next cue.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import { breakIntoCues } from './caption-breaks.ts';
import { type CaptionProfile, DEFAULT_CAPTIONS, captionProblem } from './caption-profile.ts';
import { type CaptionWord, toCaptionWords, widthOf } from './caption-words.ts';

export type Cue = {
  /** Milliseconds; cues are in order and do not overlap. */
  readonly start: number;
  readonly end: number;
  /** Words by line. */
  readonly lines: readonly (readonly CaptionWord[])[];
  /** Faster than `maxCharsPerSecond`, with no silence left to take. */
  readonly isTooFast: boolean;
};

/** Captions of a hypothesis. @throws TypeError when it has no word or segment timestamps, or for limits that nothing fits */
export function toCues(hypothesis: Hypothesis, profile: Partial<CaptionProfile> = {}): Cue[] {
  const problem = captionProblem(profile);
  if (problem !== undefined) throw new TypeError(`captions${problem}`);
  const full = { ...DEFAULT_CAPTIONS, ...profile };
  const words = toCaptionWords(hypothesis, full.lineLength);
  return timeCues(breakIntoCues(words, full), full);
}

function timeCues(groups: readonly (readonly CaptionWord[][])[], profile: CaptionProfile): Cue[] {
  const cues: Cue[] = [];
  let earliest = 0;
  for (const [index, lines] of groups.entries()) {
    const words = lines.flat();
    const start = Math.max(earliest, milliseconds(words[0]!.start));
    const nextWord = groups[index + 1]?.[0]?.[0];
    const nextStart = nextWord ? milliseconds(nextWord.start) : Number.POSITIVE_INFINITY;
    const latest = Math.max(start + 1, nextStart - milliseconds(profile.minGap));

    const spoken = milliseconds(words.at(-1)!.end);
    const numChars = lines.reduce((sum, line) => sum + widthOf(line), 0) + lines.length - 1;
    const readable =
      start + Math.max(milliseconds(profile.minDuration), Math.ceil((1000 * numChars) / profile.maxCharsPerSecond));
    let end = Math.max(spoken + milliseconds(profile.hold), readable);
    end = Math.min(end, Math.max(spoken, start + milliseconds(profile.maxDuration)));
    if (nextStart - end < milliseconds(profile.closeGap)) end = latest;
    end = Math.max(start + 1, Math.min(end, latest));
    cues.push({ start, end, lines, isTooFast: (1000 * numChars) / (end - start) > profile.maxCharsPerSecond + 1e-6 });
    earliest = end;
  }
  return cues;
}

function milliseconds(seconds: number): number {
  return Math.round(1000 * seconds);
}
