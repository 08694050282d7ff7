/**
 * A recording that is too long for an attention decoder, in chunks that overlap by a second and are merged by what they have in common: what
 * NeMo's `transcribe` does by itself with Canary checkpoints that carry a model for their timestamps (`enable_chunking`).
 */
import { SampleBuffer } from '../audio/sample-buffer.ts';
import { mergeChunk } from '../decoding/lcs-merge.ts';
import { mergeTimes } from '../text/merge-aligned.ts';
import type { DecodedWindow } from './hypothesis.ts';
import type { AudioWindow } from './windows.ts';

const MIN_SECONDS = 30;
const MAX_SECONDS = 40;
const OVERLAP_SECONDS = 1;
/** Every hour is cut by itself, and hours are joined without looking. */
const HOUR_SECONDS = 3600;

/** A chunk; `overlaps` the one before it. */
export type AedChunk = AudioWindow & { readonly overlaps: boolean };

/** Whether a recording is long enough to be cut. */
export function isForChunks(total: number, sampleRate: number): boolean {
  return total >= MAX_SECONDS * sampleRate;
}

/** Samples of a chunk: whole seconds, those that leave the longest last chunk. */
function chunkSamples(total: number, sampleRate: number): number {
  if (!isForChunks(total, sampleRate)) return total;
  let best = { size: MIN_SECONDS * sampleRate, last: 0 };
  for (let seconds = MIN_SECONDS; seconds <= MAX_SECONDS; seconds++) {
    const size = seconds * sampleRate;
    const step = size - OVERLAP_SECONDS * sampleRate;
    const last = total - step * (Math.ceil(total / step) - 1);
    if (last > best.last) best = { size, last };
  }
  return best.size;
}

/** @param total samples of the whole recording, which the size of a chunk depends on */
export async function* overlappingChunks(
  blocks: AsyncIterable<Float32Array>,
  { total, sampleRate }: { readonly total: number; readonly sampleRate: number },
): AsyncGenerator<AedChunk> {
  const ranges = chunkRanges(total, sampleRate);
  const buffer = new SampleBuffer();
  let next = 0;
  for await (const block of blocks) {
    buffer.append(block);
    for (let range = ranges[next]; range && buffer.end >= range.end; range = ranges[++next]) {
      buffer.dropBefore(range.start);
      yield { ...range, samples: buffer.samples.slice(0, range.end - range.start), isLast: next === ranges.length - 1 };
    }
  }
}

type ChunkRange = { readonly start: number; readonly end: number; readonly overlaps: boolean };

function chunkRanges(total: number, sampleRate: number): ChunkRange[] {
  const overlap = OVERLAP_SECONDS * sampleRate;
  const ranges: ChunkRange[] = [];
  for (let hour = 0; hour < total; hour += HOUR_SECONDS * sampleRate) {
    const length = Math.min(HOUR_SECONDS * sampleRate, total - hour);
    const size = chunkSamples(length, sampleRate);
    for (let start = 0; start === 0 || start + overlap < length; start += size - overlap) {
      ranges.push({ start: hour + start, end: hour + Math.min(start + size, length), overlaps: start > 0 });
      if (size >= length) break;
    }
  }
  return ranges;
}

/**
 * A chunk merged into what was decoded before it. Tokens are the merged ones, so that they say what the text says; NeMo lists those of all chunks.
 *
 * @param frameSeconds of the encoder
 * @param textOf text of tokens
 */
export function mergeOverlap(
  before: DecodedWindow,
  chunk: DecodedWindow,
  { frameSeconds, textOf }: { readonly frameSeconds: number; readonly textOf: (ids: readonly number[]) => string },
): DecodedWindow {
  const emissions = mergeChunk(
    before.decoded.emissions,
    chunk.decoded.emissions,
    Math.trunc(OVERLAP_SECONDS / frameSeconds + 1e-9),
  );
  const decoded = {
    emissions,
    score: before.decoded.score + chunk.decoded.score,
    length: chunk.startFrame - before.startFrame + chunk.decoded.length,
    timestep: [],
  };
  const merged = { decoded, startFrame: before.startFrame };
  const [first, ...more] = [before.aligned, chunk.aligned].filter((aligned) => aligned !== undefined);
  if (!first) return merged;
  return { ...merged, aligned: mergeTimes([first, ...more], textOf(emissions.map(({ token }) => token))) };
}
