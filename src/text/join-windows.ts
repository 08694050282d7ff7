/**
 * Joins the hypotheses of consecutive windows of one recording into one, as if it had been decoded in one piece.
 *
 * Windows must not overlap: frames are shifted, nothing is matched. A window's cut may fall inside a sentence, so segments are made anew
 * from all words instead of being listed one after another.
 */
import type { CtcAlignments, Hypothesis, TimeSpan, Timestamp, TransducerAlignments } from '../base/hypothesis.ts';
import { type SegmentOptions, toSegments } from './segments.ts';
import { type FrameTime, timeSpan } from './timestamps.ts';

export type Window = {
  readonly hypothesis: Hypothesis;
  /** Encoder frame of the recording at which the window starts; a whole number. */
  readonly frameOffset: number;
};

/** The hypothesis of the whole recording. `nBest` belongs to a window and is left out. */
export function joinWindows(windows: readonly Window[], options: FrameTime & SegmentOptions): Hypothesis {
  const hypotheses = windows.map((window) => window.hypothesis);
  const last = windows.at(-1);
  const langs = hypotheses.map((hypothesis) => hypothesis.langs).filter((lang) => lang !== undefined && lang !== '');
  return {
    text: joinTexts(hypotheses.map((hypothesis) => hypothesis.text)),
    score: hypotheses.reduce((sum, hypothesis) => sum + hypothesis.score, 0),
    ySequence: hypotheses.flatMap((hypothesis) => hypothesis.ySequence),
    tokens: hypotheses.flatMap((hypothesis) => hypothesis.tokens),
    timestamp: joinTimestamps(windows, options),
    length: last ? last.frameOffset + last.hypothesis.length : 0,
    ...joinConfidences(hypotheses),
    ...joinAlignments(hypotheses),
    ...(langs.length > 0
      ? {
          langs: mostFrequent(langs as string[]),
          langsChars: hypotheses.flatMap(({ langsChars = [] }) => langsChars),
          langsWords: hypotheses.flatMap(({ langsWords = [] }) => langsWords),
        }
      : {}),
  };
}

/** Joins texts with a space, but not between two characters of a script that writes none. */
export function joinTexts(texts: readonly string[]): string {
  let joined = '';
  for (const text of texts.map((part) => part.trim())) {
    if (text === '') continue;
    const end = joined.slice(-2); // one character, whatever its plane: a search in hours of text would be one too many
    const needsSpace = joined !== '' && !(ENDS_SPACELESS.test(end) && STARTS_SPACELESS.test(text));
    joined += (needsSpace ? ' ' : '') + text;
  }
  return joined;
}

const SPACELESS =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}、-〟！-･ー]';
const ENDS_SPACELESS = new RegExp(`${SPACELESS}$`, 'u');
const STARTS_SPACELESS = new RegExp(`^${SPACELESS}`, 'u');

function joinTimestamps(windows: readonly Window[], options: FrameTime & SegmentOptions): Timestamp {
  const shifted = <Stamp extends TimeSpan>(
    pick: (timestamp: Timestamp) => readonly Stamp[] | undefined,
  ): Stamp[] | undefined => {
    if (windows.length === 0 || windows.some(({ hypothesis }) => !pick(hypothesis.timestamp))) return undefined;
    return windows.flatMap(({ hypothesis, frameOffset }) =>
      pick(hypothesis.timestamp)!.map((stamp) => {
        const offsets = { startOffset: stamp.startOffset + frameOffset, endOffset: stamp.endOffset + frameOffset };
        return { ...stamp, ...timeSpan(offsets, options) };
      }),
    );
  };
  const char = shifted((timestamp) => timestamp.char);
  const word = shifted((timestamp) => timestamp.word);
  const segment = word
    ? toSegments(word, options).map(({ segment: text, ...span }) => ({ segment: text, ...timeSpan(span, options) }))
    : shifted((timestamp) => timestamp.segment);
  return {
    timestep: windows.flatMap(({ hypothesis, frameOffset }) =>
      hypothesis.timestamp.timestep.map((frame) => frame + frameOffset),
    ),
    ...(char ? { char } : {}),
    ...(word ? { word } : {}),
    ...(segment ? { segment } : {}),
  };
}

type Confidences = Pick<Hypothesis, 'frameConfidence' | 'tokenConfidence' | 'wordConfidence'>;

/** Confidences that every window has. */
function joinConfidences(hypotheses: readonly Hypothesis[]): Confidences {
  const joined: { -readonly [Key in keyof Confidences]: Confidences[Key] } = {};
  for (const key of ['tokenConfidence', 'wordConfidence', 'frameConfidence'] as const) {
    const lists = hypotheses.map((hypothesis) => hypothesis[key]);
    if (lists.length > 0 && lists.every((list) => list !== undefined)) joined[key] = lists.flat(1) as number[];
  }
  return joined;
}

/** Alignments frame after frame: windows follow each other on frames. */
function joinAlignments(hypotheses: readonly Hypothesis[]): Pick<Hypothesis, 'alignments'> {
  const parts = hypotheses.flatMap(({ alignments }) => (alignments ? [alignments] : []));
  if (parts.length === 0 || parts.length < hypotheses.length) return {};
  const ofCtc = parts.filter((part): part is CtcAlignments => 'logProbs' in part);
  if (ofCtc.length < parts.length)
    return { alignments: (parts as readonly TransducerAlignments[]).flatMap((frames) => [...frames]) };
  const logProbs = new Float32Array(ofCtc.reduce((sum, part) => sum + part.logProbs.length, 0));
  const numFrames = ofCtc.reduce((sum, part) => sum + part.numFrames, 0);
  const labels = new Int32Array(numFrames);
  let [frame, value] = [0, 0];
  for (const part of ofCtc) {
    logProbs.set(part.logProbs, value);
    labels.set(part.labels, frame);
    value += part.logProbs.length;
    frame += part.numFrames;
  }
  return { alignments: { logProbs, labels, numFrames } };
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}
