/**
 * The sliding feature buffers of NeMo's buffered inference (`FeatureFrameBufferer`, `AudioFeatureIterator`; streaming_utils.py).
 *
 * Easily got wrong: the features of the whole recording are cut, not those of pieces of it; the deviation is the population's, unlike that
 * of whole recordings; and what lies before the recording and behind it is zeros, which are not silence (NeMo means to begin with -16.635,
 * the logarithm of silence, but looks for `log` where it is not).
 */
import { type MelConfig, type MelFeatures, MelStream } from './mel.ts';

export type FeatureBufferOptions = {
  readonly mel: MelConfig;
  /** Feature frames the buffer moves on by. */
  readonly chunkFrames: number;
  /** Feature frames of a buffer; at least `chunkFrames`. */
  readonly bufferFrames: number;
  /** Zero samples behind the recording, so that its end reaches the middle of a buffer. */
  readonly padSamples: number;
  /** Added to the deviation: 1e-5 in `FrameBatchASR`, 1e-8 in `BatchedFrameASRRNNT`. */
  readonly guard: number;
};

/** One buffer a chunk, the newest chunk at its end; the last chunk is an incomplete one, empty if need be. */
export async function* featureBuffers(
  blocks: AsyncIterable<Float32Array>,
  options: FeatureBufferOptions,
): AsyncGenerator<MelFeatures> {
  const { mel, chunkFrames, bufferFrames, padSamples } = options;
  const stream = new MelStream(mel);
  const { numFeatures } = stream;
  const buffer = new Float32Array(numFeatures * bufferFrames);
  const chunk = new Float32Array(numFeatures * chunkFrames);
  let filled = 0;

  const moveOn = (): MelFeatures => {
    for (let row = 0; row < numFeatures; row++) {
      const [from, to] = [row * bufferFrames, (row + 1) * bufferFrames];
      buffer.copyWithin(from, from + chunkFrames, to);
      buffer.set(chunk.subarray(row * chunkFrames, (row + 1) * chunkFrames), to - chunkFrames);
    }
    chunk.fill(0);
    filled = 0;
    return { data: normalized(buffer, numFeatures, options), numFeatures, numFrames: bufferFrames };
  };
  function* take({ data, numFrames }: MelFeatures): Generator<MelFeatures> {
    for (let frame = 0; frame < numFrames; frame++) {
      for (let row = 0; row < numFeatures; row++) chunk[row * chunkFrames + filled] = data[row * numFrames + frame]!;
      filled += 1;
      if (filled === chunkFrames) yield moveOn();
    }
  }

  for await (const block of blocks) yield* take(stream.push(block));
  yield* take(stream.push(new Float32Array(padSamples)));
  yield* take(stream.finish());
  yield moveOn();
}

function normalized(
  buffer: Float32Array,
  numFeatures: number,
  { mel, bufferFrames, guard }: FeatureBufferOptions,
): Float32Array {
  const data = buffer.slice();
  const rowLength = mel.normalize === 'per_feature' ? bufferFrames : numFeatures * bufferFrames;
  // Fixed statistics are in the features already.
  if (mel.normalize !== 'per_feature' && mel.normalize !== 'all_features') return data;
  for (let from = 0; from < data.length; from += rowLength) standardize(data.subarray(from, from + rowLength), guard);
  return data;
}

function standardize(values: Float32Array, guard: number): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length) + guard;
  for (let index = 0; index < values.length; index++) values[index] = (values[index]! - mean) / deviation;
}
