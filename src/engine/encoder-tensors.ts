/** Tensors into the encoder and out of it. */
import type { MelFeatures } from '../audio/mel.ts';
import type { Feed } from '../model/feeds.ts';
import type { OrtInstance } from '../runtime/ort.ts';
import type { Tensor } from '../runtime/session.ts';

/** Columns `from` to `to` of a padded batch, [clips, features, to - from]; behind a clip is `padValue`. */
export function batchFeatures(
  { ort }: OrtInstance,
  clips: readonly MelFeatures[],
  { from, to, padValue }: { readonly from: number; readonly to: number; readonly padValue: number },
): Tensor {
  const { numFeatures, numFrames, data: only } = clips[0] as MelFeatures;
  const width = to - from;
  if (clips.length === 1 && width === numFrames) return new ort.Tensor('float32', only, [1, numFeatures, numFrames]);
  const data = new Float32Array(clips.length * numFeatures * width).fill(padValue);
  clips.forEach((clip, index) => {
    const end = Math.min(to, clip.numFrames);
    for (let row = 0; row < numFeatures && from < end; row++) {
      const values = clip.data.subarray(row * clip.numFrames + from, row * clip.numFrames + end);
      data.set(values, (index * numFeatures + row) * width);
    }
  });
  return new ort.Tensor('float32', data, [clips.length, numFeatures, width]);
}

/** Feeds by name as ORT takes them. */
export function toTensors({ ort }: OrtInstance, feeds: Readonly<Record<string, Feed>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [
      name,
      data instanceof Int32Array
        ? new ort.Tensor('int32', data, dims as number[])
        : new ort.Tensor('float32', data, dims as number[]),
    ]),
  );
}

/** Values of a tensor, wherever it lives. */
export async function hostValues(tensor: Tensor): Promise<Float32Array> {
  return (tensor.location === 'cpu' ? tensor.data : await tensor.getData()) as Float32Array;
}
