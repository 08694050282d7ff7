/**
 * Windows [left | chunk | right] that move on by one chunk (NeMo `StreamingBatchedAudioBuffer`): every chunk is seen with what lies around it.
 *
 * The last window's chunk takes the right context in as well, so it may be longer than the others; nothing is padded.
 */
import { SampleBuffer } from './sample-buffer.ts';

/** Sizes in samples. */
export type ContextSamples = { readonly left: number; readonly chunk: number; readonly right: number };

export type ContextWindow = {
  readonly samples: Float32Array;
  /** Samples before the chunk. */
  readonly left: number;
  readonly isLast: boolean;
  /** Samples of the recording up to the end of the window. */
  readonly end: number;
};

/** Windows over a recording; an empty recording has one empty window. */
export async function* contextWindows(
  blocks: AsyncIterable<Float32Array>,
  { left, chunk, right }: ContextSamples,
): AsyncGenerator<ContextWindow> {
  const signal = new SampleBuffer();
  /** First sample of the next chunk. */
  let position = 0;
  const windowAt = (end: number, isLast: boolean): ContextWindow => {
    // What the last window is shorter on the right it keeps on the left, as far as the window before reached.
    const wanted = isLast ? Math.max(position - chunk - left, end - left - chunk - right) : position - left;
    const first = Math.max(signal.start, wanted);
    signal.dropBefore(first);
    const samples = signal.samples.slice(first - signal.start, end - signal.start);
    return { samples, left: position - first, isLast, end };
  };
  for await (const block of blocks) {
    signal.append(block);
    // Only a later sample tells that a window is not the last.
    while (signal.end > position + chunk + right) {
      yield windowAt(position + chunk + right, false);
      position += chunk;
    }
  }
  yield windowAt(signal.end, true);
}
