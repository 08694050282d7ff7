/** Runs a long clip's segments through the layers and joins what is kept of them. */
import type { EncoderSegment } from '../model/encoder-segments.ts';
import type { OrtInstance } from '../runtime/ort.ts';
import type { Tensor } from '../runtime/session.ts';
import { hostValues } from './encoder-tensors.ts';

/**
 * @param whole [1, frames, size] before the layers; given back
 * @param encode takes a part of so many frames through the layers, and gives it back
 * @returns [1, frames, size'] on the host
 */
export async function encodeSegments(
  { ort }: OrtInstance,
  whole: Tensor,
  segments: readonly EncoderSegment[],
  encode: (part: Tensor, frames: number) => Promise<Tensor>,
): Promise<Tensor> {
  const [, total = 0, inputSize = 0] = whole.dims;
  const input = await hostValues(whole);
  let joined = new Float32Array(0);
  let outputSize = 0;
  for (const { from, to, skip, count } of segments) {
    const part = new ort.Tensor('float32', input.slice(from * inputSize, to * inputSize), [1, to - from, inputSize]);
    const encoded = await encode(part, to - from);
    const values = await hostValues(encoded);
    outputSize = encoded.dims[2] as number;
    if (joined.length === 0) joined = new Float32Array(total * outputSize);
    joined.set(values.subarray(skip * outputSize, (skip + count) * outputSize), (from + skip) * outputSize);
    encoded.dispose();
  }
  whole.dispose();
  return new ort.Tensor('float32', joined, [1, total, outputSize]);
}
