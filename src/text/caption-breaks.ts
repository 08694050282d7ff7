/**
 * Where captions and their lines break.
 *
 * All cuts of a recording are chosen together (cheapest path), because a greedy cut leaves orphans behind. Words are never cut here:
 * `caption-words.ts` has already cut those that are longer than a line, as in scripts without spaces.
 */
import type { CaptionWord } from './caption-words.ts';
import type { CaptionProfile } from './caption-profile.ts';

/** A pause this long always ends a cue, s. */
const LONG_PAUSE = 2;
const SENTENCE_END = /[.!?…。！？]["'”’)]*$/u;
const CLAUSE_END = /[,;:–—、，；：]["'”’)]*$/u;
const CONJUNCTIONS = new Set(
  'and or but because that which who when while if so und oder aber weil dass et ou mais que y o pero e ma perché che mas porque'.split(
    ' ',
  ),
);

// Costs of a break, only meaningful against each other.
const COST_OF_A_CUE = 4;
const COST_OF_AN_ORPHAN = 4;
const COST_OF_A_SENTENCE_END_INSIDE = 3;
const FORBIDDEN = 12;

/** What is known of every position before any cue is tried. */
type Plan = {
  readonly words: readonly CaptionWord[];
  /** Characters up to word i, its own space included. */
  readonly widthBefore: Float64Array;
  /** Cost of a break before word i. */
  readonly breakCost: Float64Array;
  /** Sum of the costs of having no break at the positions up to i. */
  readonly noBreakCost: Float64Array;
};

/** Lines of words, cue by cue. Every word must be no longer than a line. */
export function breakIntoCues(words: readonly CaptionWord[], profile: CaptionProfile): CaptionWord[][][] {
  const plan = makePlan(words);
  const bestCost = new Float64Array(words.length + 1).fill(Number.POSITIVE_INFINITY);
  const bestStart = new Int32Array(words.length + 1);
  bestCost[0] = 0;
  for (let start = 0; start < words.length; start++) {
    let numLines = 1;
    let lineStart = start;
    for (let end = start + 1; end <= words.length; end++) {
      if (end > start + 1) {
        if (
          pauseBefore(words, end - 1) >= LONG_PAUSE ||
          words[end - 1]!.end - words[start]!.start > profile.maxDuration
        )
          break;
      }
      if (widthBetween(plan, lineStart, end) > profile.lineLength) {
        numLines += 1;
        lineStart = end - 1;
      }
      if (numLines > profile.maxLines) break;
      const cost = bestCost[start]! + cueCost(plan, start, end, profile);
      if (cost >= bestCost[end]!) continue;
      bestCost[end] = cost;
      bestStart[end] = start;
    }
  }
  const cues: CaptionWord[][][] = [];
  for (let end = words.length; end > 0; end = bestStart[end]!)
    cues.push(breakLines(plan, bestStart[end]!, end, profile));
  return cues.reverse();
}

function makePlan(words: readonly CaptionWord[]): Plan {
  const size = words.length + 1;
  const plan = {
    words,
    widthBefore: new Float64Array(size),
    breakCost: new Float64Array(size),
    noBreakCost: new Float64Array(size),
  };
  for (const [index, word] of words.entries()) {
    plan.widthBefore[index + 1] = plan.widthBefore[index]! + word.width + (word.hasSpace ? 1 : 0);
    if (index === 0) continue;
    const pause = pauseBefore(words, index);
    const isSentenceEnd = SENTENCE_END.test(words[index - 1]!.text);
    plan.breakCost[index] = breakCost(words, index);
    plan.noBreakCost[index] =
      plan.noBreakCost[index - 1]! +
      (isSentenceEnd ? COST_OF_A_SENTENCE_END_INSIDE : 0) +
      (pause > 0.7 ? 4 * pause : 0);
  }
  return plan;
}

function pauseBefore(words: readonly CaptionWord[], index: number): number {
  return words[index]!.start - words[index - 1]!.end;
}

/** What a break before word `index` costs: nothing after a sentence, little after a clause or before a conjunction, much inside a name. */
function breakCost(words: readonly CaptionWord[], index: number): number {
  const before = words[index - 1]!.text;
  const after = words[index]!.text;
  if (!words[index]!.hasSpace) return FORBIDDEN;
  if (SENTENCE_END.test(before)) return 0;
  if (CLAUSE_END.test(before)) return 2;
  if (/\p{N}$/u.test(before) && /^\p{N}/u.test(after)) return FORBIDDEN;
  if (index > 1 && /^\p{Lu}/u.test(before) && /^\p{Lu}/u.test(after)) return 9;
  return CONJUNCTIONS.has(after.toLowerCase()) ? 4 : 6;
}

/** Every cue costs something, a bad end costs more, and so does an end of a sentence or a pause in its middle. */
function cueCost(
  { words, breakCost: costs, noBreakCost }: Plan,
  start: number,
  end: number,
  { minDuration }: CaptionProfile,
): number {
  let cost = COST_OF_A_CUE + noBreakCost[end - 1]! - noBreakCost[start]!;
  if (end < words.length) cost += costs[end]! - Math.min(2, 2 * pauseBefore(words, end));
  if (end === start + 1 && words.length > 1) cost += COST_OF_AN_ORPHAN;
  return words[end - 1]!.end - words[start]!.start < minDuration ? cost + 1 : cost;
}

function widthBetween({ words, widthBefore }: Plan, start: number, end: number): number {
  return widthBefore[end]! - widthBefore[start]! - (words[start]!.hasSpace ? 1 : 0);
}

/** One line if it fits; else two, about equal or the lower one longer; more are filled one after another. */
function breakLines(plan: Plan, start: number, end: number, profile: CaptionProfile): CaptionWord[][] {
  const { lineLength } = profile;
  if (widthBetween(plan, start, end) <= lineLength) return [plan.words.slice(start, end)];
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let cut = start + 1; cut < end; cut++) {
    const upper = widthBetween(plan, start, cut);
    const lower = widthBetween(plan, cut, end);
    if (upper > lineLength || lower > lineLength) continue;
    const cost = Math.abs(upper - lower) / 4 + (upper > lower ? 1 : 0) + plan.breakCost[cut]!;
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = cut;
  }
  if (best >= 0) return [plan.words.slice(start, best), plan.words.slice(best, end)];
  let cut = start + 1;
  while (cut < end && widthBetween(plan, start, cut + 1) <= lineLength) cut += 1;
  return [plan.words.slice(start, cut), ...breakLines(plan, cut, end, profile)];
}
