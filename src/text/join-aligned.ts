/** Puts the aligned words of consecutive windows on the recording's time. */
import type { TimeSpan, Timestamp, WordStamp } from '../base/hypothesis.ts';
import { toSegments } from './segments.ts';

/** Words and segments of a window, from its own start. */
export type AlignedWindow = Required<Pick<Timestamp, 'word' | 'segment'>> & {
  /** Of the aligning model: what the offsets count. */
  readonly frameSeconds: number;
  /** Where the window starts. */
  readonly startSeconds: number;
};

/** One window is left as it is; of several the segments are made anew, because a cut may fall inside a sentence. */
export function joinAligned(windows: readonly AlignedWindow[]): Timestamp {
  const [first] = windows;
  if (!first || windows.length === 1)
    return { timestep: [], char: [], word: first?.word ?? [], segment: first?.segment ?? [] };
  const { frameSeconds } = first;
  const word = windows.flatMap((window) => window.word.map((stamp) => shifted(stamp, window)));
  const segment = toSegments(word).map((span) => ({
    ...span,
    start: round(span.startOffset * frameSeconds),
    end: round(span.endOffset * frameSeconds),
  }));
  return { timestep: [], char: [], word, segment };
}

function shifted(stamp: WordStamp, { frameSeconds, startSeconds }: AlignedWindow): WordStamp {
  const frames = Math.round(startSeconds / frameSeconds);
  // -1 stands for what the alignment did not hear, wherever the window is.
  if (stamp.startOffset < 0) return stamp;
  const move = ({ startOffset, endOffset, start, end }: TimeSpan): TimeSpan => ({
    startOffset: startOffset + frames,
    endOffset: endOffset + frames,
    start: round(start + startSeconds),
    end: round(end + startSeconds),
  });
  return { ...stamp, ...move(stamp) };
}

/** Hundredths, as NeMo gives aligned times. */
function round(seconds: number): number {
  return Number(seconds.toFixed(2));
}
