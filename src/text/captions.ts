/**
 * Words to captions: what stands on screen together, in which lines, from when to when.
 *
 * All cuts of a recording are chosen together (cheapest path), because a greedy cut leaves orphans behind. Words are never cut, unless one
 * is longer than a line, as in scripts without spaces. Times are whole milliseconds, rounded once, so that cues cannot overlap afterwards.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import { type CaptionWord, toCaptionWords, widthOf } from './caption-words.ts';

export type CaptionProfile = {
  /** User-perceived characters a line, joining spaces included. */
  readonly lineLength: number;
  readonly maxLines: number;
  /** Characters a second above which a cue is extended into the silence after it. */
  readonly maxCharsPerSecond: number;
  /** Seconds. */
  readonly minDuration: number;
  /** Seconds. */
  readonly maxDuration: number;
  /** Seconds between two cues; pauses shorter than `closeGap` are closed to it. */
  readonly minGap: number;
  readonly closeGap: number;
  /** Seconds a cue may stay after its last word. */
  readonly hold: number;
};

export const DEFAULT_CAPTIONS: CaptionProfile = {
  lineLength: 42,
  maxLines: 2,
  maxCharsPerSecond: 20,
  minDuration: 0.833,
  maxDuration: 7,
  minGap: 0.083,
  closeGap: 0.5,
  hold: 0.3,
};

export type Cue = {
  /** Milliseconds; cues are in order and do not overlap. */
  readonly start: number;
  readonly end: number;
  /** Words by line. */
  readonly lines: readonly (readonly CaptionWord[])[];
  /** Faster than `maxCharsPerSecond`, with no silence left to take. */
  readonly isTooFast: boolean;
};

/** A pause this long always ends a cue, s. */
const LONG_PAUSE = 2;

/** Captions of a hypothesis. @throws TypeError when it has no word or segment timestamps */
export function toCues(hypothesis: Hypothesis, profile: Partial<CaptionProfile> = {}): Cue[] {
  const full = { ...DEFAULT_CAPTIONS, ...profile };
  const words = toCaptionWords(hypothesis, full.lineLength);
  return timeCues(groupWords(words, full), full);
}

/** Dynamic programming over the places where a cue may end. */
function groupWords(words: readonly CaptionWord[], profile: CaptionProfile): CaptionWord[][][] {
  const bestCost = new Float64Array(words.length + 1).fill(Number.POSITIVE_INFINITY);
  const bestStart = new Int32Array(words.length + 1);
  bestCost[0] = 0;
  for (let start = 0; start < words.length; start++) {
    for (let end = start + 1; end <= words.length; end++) {
      const isSingle = end === start + 1;
      if (!isSingle && words[end - 1]!.start - words[end - 2]!.end >= LONG_PAUSE) break;
      if (!isSingle && words[end - 1]!.end - words[start]!.start > profile.maxDuration) break;
      const lines = breakLines(words.slice(start, end), profile);
      if (!lines) break;
      const cost = bestCost[start]! + cueCost(words, start, end, profile);
      if (cost >= bestCost[end]!) continue;
      bestCost[end] = cost;
      bestStart[end] = start;
    }
  }
  const groups: CaptionWord[][][] = [];
  for (let end = words.length; end > 0; end = bestStart[end]!) groups.push(breakLines(words.slice(bestStart[end], end), profile)!);
  return groups.reverse();
}

/** Every cue costs something (few cues), a bad end costs more, and so does an end of a sentence in its middle. */
function cueCost(words: readonly CaptionWord[], start: number, end: number, profile: CaptionProfile): number {
  let cost = 4;
  for (let i = start; i < end - 1; i++) {
    const pause = words[i + 1]!.start - words[i]!.end;
    if (/[.!?…。！？]["'”’)]*$/u.test(words[i]!.text)) cost += 3;
    if (pause > 0.7) cost += 4 * pause;
  }
  if (end < words.length) cost += breakCost(words, end) - Math.min(2, 2 * (words[end]!.start - words[end - 1]!.end));
  if (end === start + 1 && words.length > 1) cost += 4;
  const span = words[end - 1]!.end - words[start]!.start;
  return span < profile.minDuration ? cost + 1 : cost;
}

/** What a cut before word `index` costs: nothing after a sentence, little after a clause or before a conjunction, much inside a name. */
function breakCost(words: readonly CaptionWord[], index: number): number {
  const before = words[index - 1]!.text;
  const after = words[index]!.text;
  if (!words[index]!.hasSpace) return 12;
  if (/[.!?…。！？]["'”’)]*$/u.test(before)) return 0;
  if (/[,;:–—、，；：]["'”’)]*$/u.test(before)) return 2;
  if (/\p{N}$/u.test(before) && /^\p{N}/u.test(after)) return 12;
  if (index > 1 && /^\p{Lu}/u.test(before) && /^\p{Lu}/u.test(after)) return 9;
  if (CONJUNCTIONS.has(after.toLowerCase())) return 4;
  return 6;
}

const CONJUNCTIONS = new Set(
  'and or but because that which who when while if so und oder aber weil dass et ou mais que y o pero e ma perché che ou mas porque'.split(' '),
);

/** Lines of a cue, about equal or the lower one longer; `undefined` when they do not fit. */
function breakLines(words: readonly CaptionWord[], { lineLength, maxLines }: CaptionProfile): CaptionWord[][] | undefined {
  if (widthOf(words) <= lineLength) return [[...words]];
  if (maxLines < 2) return undefined;
  if (maxLines > 2) return fillLines(words, lineLength, maxLines);
  let best: CaptionWord[][] | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let cut = 1; cut < words.length; cut++) {
    const upper = widthOf(words.slice(0, cut));
    const lower = widthOf(words.slice(cut));
    if (upper > lineLength || lower > lineLength) continue;
    const cost = Math.abs(upper - lower) / 4 + (upper > lower ? 1 : 0) + breakCost(words, cut);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = [words.slice(0, cut), words.slice(cut)];
  }
  return best;
}

function fillLines(words: readonly CaptionWord[], lineLength: number, maxLines: number): CaptionWord[][] | undefined {
  const lines: CaptionWord[][] = [[]];
  for (const word of words) {
    if (widthOf([...lines.at(-1)!, word]) > lineLength) lines.push([]);
    lines.at(-1)!.push(word);
  }
  return lines.length <= maxLines ? lines : undefined;
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
    const readable = start + Math.max(milliseconds(profile.minDuration), Math.ceil((1000 * numChars) / profile.maxCharsPerSecond));
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
