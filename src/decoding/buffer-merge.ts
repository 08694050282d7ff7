/**
 * What each buffer of an overlapping series adds to the transcript (NeMo's `BatchedFrameASRRNNT` and `BatchedFrameASRTDT`).
 *
 * Buffers come as the tokens of every frame. Their frames are counted from the end, and a TDT model may have jumped past it; that shifts
 * its pieces by the jump, in NeMo too.
 */
import { lcsMerge } from './lcs-merge.ts';

/** A token to be merged; anything else it carries stays with it. */
export type MergeToken = { readonly token: number };

/** Tokens of every frame of one buffer, blanks left out. */
export type BufferFrames<Token extends MergeToken> = readonly (readonly Token[])[];

export type MergeOptions = {
  /** Frames from the start of the piece a buffer adds to the buffer's end: NeMo's `delay` (mid delay). */
  readonly delay: number;
  /** Frames a buffer adds. */
  readonly tokensPerChunk: number;
};

/** Frames before the piece in which a TDT buffer is searched for the last token, NeMo's `tdt_search_boundary`. */
const TDT_SEARCH_BOUNDARY = 4;
/** Tokens a frame may have where overlaps are searched, NeMo's `max_steps_per_timestep`. */
const MAX_STEPS_PER_FRAME = 5;

/** The middle of a buffer, appended. */
export function appendMiddle<Token extends MergeToken>(
  merged: readonly Token[],
  buffer: BufferFrames<Token>,
  options: MergeOptions,
): Token[] {
  return [...merged, ...middleOf(buffer, options)];
}

/** The middle of a TDT buffer, appended behind the last merged token if that is found again near the boundary. */
export function appendTdtMiddle<Token extends MergeToken>(
  merged: readonly Token[],
  buffer: BufferFrames<Token>,
  options: MergeOptions,
): Token[] {
  const middle = middleOf(buffer, options);
  const longer = middleOf(buffer, options, TDT_SEARCH_BOUNDARY);
  if (longer.length === 0) return [...merged];
  const last = merged.at(-1);
  if (!last) return middle;
  if (longer.length === 1) return [...merged];
  const start = Math.min(longer.length - middle.length, longer.length - 1);
  for (let index = start; index >= 0; index--)
    if (longer[index]!.token === last.token) return [...merged, ...longer.slice(index + 1)];
  return [...merged, ...middle];
}

/** A whole buffer, less what its beginning has in common with the end of what is merged; of the first one, all from its middle on. */
export function appendByLcs<Token extends MergeToken>(
  merged: readonly Token[],
  buffer: BufferFrames<Token>,
  { delay, lcsDelay, isFirst }: { readonly delay: number; readonly lcsDelay: number; readonly isFirst: boolean },
): Token[] {
  if (isFirst) return buffer.slice(buffer.length - 1 - delay).flat();
  return lcsMerge(merged, buffer.flat(), lcsDelay * MAX_STEPS_PER_FRAME);
}

function middleOf<Token>(
  frames: readonly (readonly Token[])[],
  { delay, tokensPerChunk }: MergeOptions,
  before = 0,
): Token[] {
  const from = frames.length - (frames.length === delay ? 0 : 1) - delay;
  return frames.slice(from - before, from + tokensPerChunk).flat();
}
