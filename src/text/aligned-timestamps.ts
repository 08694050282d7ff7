/**
 * Times of a known text from a forced alignment: NeMo's `get_utt_obj`, `add_t_start_end_to_utt_obj` and the end of
 * `get_forced_aligned_timestamps_with_external_model`.
 *
 * A mark such as `.` may be heard over many frames of silence; it takes no time, and the word before it ends where its letters do.
 */
import type { TimeSpan, Timestamp } from '../base/hypothesis.ts';

/** What the words of a text are to the aligning model. */
export type WordPieces = {
  /** NeMo `text_to_ids`. */
  readonly textToIds: (text: string) => number[];
  readonly pieces: readonly string[];
  /** Id of the unknown piece, if there is one. */
  readonly unknown?: number;
};

type Token = { readonly piece: string; readonly state: number };
type Span = { readonly text: string; readonly first: number; readonly last: number };
type Word = Span & { readonly tokens: readonly Token[] };
type Segment = Span & { readonly words: readonly Word[] };

/** A text cut into segments, words and tokens, each with its states among the tokens and their blanks. */
export type AlignedText = { readonly tokens: readonly number[]; readonly segments: readonly Segment[] };

const SEPARATORS = ['.', '?', '!'];
const MARKS = [',', '.', '!', '?'];
const UNKNOWN_WORD = '⁇';

/** Cuts a text. A text of more tokens than frames has no alignment, and no segments then. */
export function cutText(text: string, numFrames: number, pieces: WordPieces): AlignedText {
  const tidy = text.split(/\s+/).filter(Boolean).join(' ');
  if (tidy === '' || pieces.textToIds(tidy).length > numFrames) return { tokens: [], segments: [] };
  const tokens: number[] = [];
  const segments: Segment[] = [];
  // NeMo counts a segment's states by its own tokens, not by those of its words; the two hardly ever differ.
  let segmentStart = 1;
  for (const part of splitSegments(tidy)) {
    const words = part.split(' ').map((word): Word => {
      const ids = wordIds(word, pieces);
      const first = 2 * tokens.length + 1;
      tokens.push(...ids);
      const surfaces = surfacesOf(word, ids, pieces);
      return {
        text: word,
        first,
        last: first + 2 * ids.length - 2,
        tokens: ids.map((_, index) => ({ piece: surfaces[index]!, state: first + 2 * index })),
      };
    });
    const last = segmentStart + 2 * wordIds(part, pieces).length - 2;
    segments.push({ text: part, first: segmentStart, last, words });
    segmentStart = last + 2;
  }
  return { tokens, segments };
}

/**
 * Words and segments with their times.
 *
 * @param path state of every frame
 * @param frameSeconds of the aligning model
 */
export function toAlignedTimestamps(
  { segments }: AlignedText,
  path: Int32Array,
  frameSeconds: number,
): Required<Pick<Timestamp, 'word' | 'segment'>> {
  const times = stateTimes(path, frameSeconds);
  const span = ({ first, last }: Pick<Span, 'first' | 'last'>): TimeSpan =>
    toSpan(times.start(first), times.end(last), frameSeconds);
  const word: NonNullable<Timestamp['word']>[number][] = [];
  const segment: NonNullable<Timestamp['segment']>[number][] = [];
  for (const part of segments) {
    let segmentSpan = span(part);
    for (const { text, tokens, ...states } of part.words) {
      let wordSpan = span(states);
      let previousEnd: number | undefined;
      for (const { piece, state } of tokens) {
        const end = times.end(state);
        if (!MARKS.includes(piece)) {
          previousEnd = end;
          continue;
        }
        const heardUntil = round(previousEnd ?? times.start(state));
        const shortened = { end: heardUntil, endOffset: toOffset(heardUntil, frameSeconds) };
        if (times.end(part.last) === times.end(states.last)) segmentSpan = { ...segmentSpan, ...shortened };
        if (end === times.end(states.last)) wordSpan = { ...wordSpan, ...shortened };
        previousEnd = heardUntil;
      }
      word.push({ word: text, ...wordSpan });
    }
    segment.push({ segment: part.text, ...segmentSpan });
  }
  return { word, segment };
}

/** At marks that a space follows: "a.m." stays whole. */
function splitSegments(text: string): string[] {
  const segments: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (!SEPARATORS.includes(text[at]!) || text[at + 1] !== ' ') continue;
    segments.push(text.slice(start, at + 1));
    start = at + 2;
  }
  return [...segments, text.slice(start)].map((segment) => segment.trim()).filter(Boolean);
}

/** Tokens of a word or a text; `⁇` is how SentencePiece writes the unknown piece. */
function wordIds(text: string, { textToIds, unknown }: WordPieces): number[] {
  if (unknown === undefined) return textToIds(text);
  return text
    .split(UNKNOWN_WORD)
    .flatMap((part, index) => [...(index > 0 ? [unknown] : []), ...textToIds(part.trim())]);
}

/** Pieces as SentencePiece gives them: what it does not know keeps its own letters. */
function surfacesOf(word: string, ids: readonly number[], { pieces, unknown }: WordPieces): string[] {
  const known = ids.map((id) => pieces[id] ?? '');
  const position = unknown === undefined ? -1 : ids.indexOf(unknown);
  if (position < 0 || ids.lastIndexOf(unknown!) !== position) return known;
  const lengthOf = (some: readonly string[]) => some.join('').replace('▁', '').length;
  const from = lengthOf(known.slice(0, position));
  known[position] = word.slice(from, word.length - lengthOf(known.slice(position + 1)));
  return known;
}

/** Seconds at which a state begins and ends; -1 for those that are passed over. */
function stateTimes(path: Int32Array, frameSeconds: number): Record<'start' | 'end', (state: number) => number> {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  path.forEach((state, frame) => {
    if (!first.has(state)) first.set(state, frame);
    last.set(state, frame);
  });
  return {
    start: (state) => (first.has(state) ? first.get(state)! * frameSeconds : -1),
    end: (state) => (last.has(state) ? (last.get(state)! + 1) * frameSeconds : -1),
  };
}

function toSpan(start: number, end: number, frameSeconds: number): TimeSpan {
  return {
    startOffset: toOffset(start, frameSeconds),
    endOffset: toOffset(end, frameSeconds),
    start: round(start),
    end: round(end),
  };
}

function toOffset(seconds: number, frameSeconds: number): number {
  return seconds === -1 ? -1 : Math.trunc(seconds / frameSeconds);
}

/** Python's `round(seconds, 2)`. */
function round(seconds: number): number {
  return Number(seconds.toFixed(2));
}
