/**
 * The subsampling of a long clip in chunks of time: its first convolution makes every channel of half the frames, far more than anything behind it.
 *
 * A chunk starts on an output frame, two frames early: what its left edge makes of zeros instead of the frames before it reaches no further, and is
 * skipped. Its right edge needs nothing: a kernel of 3 with stride 2 ends within the last pair of columns. So a chunk's frames are the clip's.
 *
 * NeMo splits a batch by clips, and a single clip by channels and by time, layer by layer (`conv_split_by_batch`, `conv_split_by_channel`); the
 * numbers are the same, and the memory of the first convolution, which NeMo runs whole, is bounded here.
 */
import { AsrError } from '../base/errors.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { type Feed, stageMasks } from './feeds.ts';
import { type SubsamplingShape, numStages, stageLengths } from './subsampling.ts';

export type { SubsamplingShape } from './subsampling.ts';

/** Output frames before a chunk that its left edge spoils. */
const HALO = 2;
/** By size, the first convolution makes at most this much of a chunk. */
export const CHUNK_BYTES = 64 * 2 ** 20;

/** Feature columns `from` to `to` make output frames of which `skip` are the chunk before's, and `count` are kept. */
export type SubsamplingChunk = {
  readonly from: number;
  readonly to: number;
  readonly skip: number;
  readonly count: number;
};

/**
 * NeMo's check of `subsampling_conv_chunking_factor`: -1 is off, 1 chooses by size, an even number is that many chunks.
 *
 * @throws AsrError `unsupported-option`
 */
export function checkChunkingFactor(factor: number): void {
  const isCount = factor > 0 && factor % 2 === 0;
  if (factor !== -1 && factor !== 1 && !isCount)
    throw new AsrError(
      'unsupported-option',
      `subsampling_conv_chunking_factor is ${factor}; it should be -1 (off), 1 (by size) or a power of 2 (so many chunks).`,
    );
}

/** A batch to cut: clips, their columns, and NeMo's `subsampling_conv_chunking_factor`. */
export type ChunkedBatch = {
  readonly numClips: number;
  readonly numFrames: number;
  readonly factor: number;
  /** By size: left whole as long as the first convolution makes no more than this. @default `CHUNK_BYTES` */
  readonly wholeBytes?: number;
};

/** The chunks of a batch; together they make every frame once. */
export function subsamplingChunks(
  spec: SubsamplingShape,
  { numClips, numFrames, factor, wholeBytes = CHUNK_BYTES }: ChunkedBatch,
): SubsamplingChunk[] {
  const total = stageLengths(spec, numFrames).at(-1) as number;
  const bytes = numClips * firstStageBytes(spec, numFrames);
  const bySize = bytes > wholeBytes ? Math.ceil(bytes / CHUNK_BYTES) : 1;
  const wanted = factor === 1 ? bySize : Math.max(1, factor);
  const size = Math.ceil(total / Math.min(wanted, total));
  const columns = 2 ** numStages(spec);
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => {
    const first = index * size;
    const last = Math.min(first + size, total);
    const skip = Math.min(first, HALO);
    return {
      from: (first - skip) * columns,
      to: last === total ? numFrames : last * columns,
      skip,
      count: last - first,
    };
  });
}

/** Bytes the first convolution makes of a clip, the most of all stages. */
export function firstStageBytes(spec: SubsamplingShape, numFrames: number): number {
  return 4 * spec.subsamplingChannels * Math.ceil(spec.featIn / 2) * Math.ceil(numFrames / 2);
}

/** Masks of a chunk for clips of so many valid columns. */
export function subsamplingFeeds(
  spec: ConformerSpec,
  lengths: readonly number[],
  { from, to }: Pick<SubsamplingChunk, 'from' | 'to'>,
): Record<string, Feed> {
  const byClip = lengths.map((length) => stageLengths(spec, length - from));
  return stageMasks('subsampling_mask', byClip, stageLengths(spec, to - from));
}
