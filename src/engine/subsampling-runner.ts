/** Runs the subsampling's convolutions: over a batch at once, or in chunks of time where it is long. */
import type { MelFeatures } from '../audio/mel.ts';
import type { ConformerSpec } from '../model/conformer-spec.ts';
import {
  CHUNK_BYTES,
  type SubsamplingChunk,
  subsamplingChunks,
  subsamplingFeeds,
} from '../model/subsampling-chunks.ts';
import type { Tensor } from '../runtime/session.ts';
import { batchFeatures, hostValues, toTensors } from './encoder-tensors.ts';
import type { SessionSource } from './sessions.ts';

export type SubsamplingBatch = {
  readonly clips: readonly MelFeatures[];
  /** Columns of the padded batch. */
  readonly numFrames: number;
  readonly padValue: number;
  /** Which graph runs, and whether that one takes masks. */
  readonly masked: boolean;
  readonly takesMasks: boolean;
  /** NeMo's `subsampling_conv_chunking_factor`. */
  readonly factor: number;
};

/** Every chunk but the only one comes back to the host, which costs a GPU more than it saves while there is memory. */
const WHOLE_BYTES_ON_GPU = 4 * CHUNK_BYTES;

/** Features to `subsampled` [batch, frames', dModel]; of several chunks on the host, of one where the encoder is. */
export async function subsample(
  sessions: SessionSource,
  spec: ConformerSpec,
  batch: SubsamplingBatch,
): Promise<Tensor> {
  const { clips, numFrames, factor, masked } = batch;
  const session = await sessions.get(masked ? 'subsampling_masked' : 'subsampling');
  const lengths = clips.map((clip) => clip.numFrames);
  const run = async (chunk: SubsamplingChunk): Promise<Tensor> => {
    const masks = batch.takesMasks ? toTensors(sessions.instance, subsamplingFeeds(spec, lengths, chunk)) : {};
    const features = batchFeatures(sessions.instance, clips, { ...chunk, padValue: batch.padValue });
    const { subsampled } = await session.run({ features, ...masks });
    return subsampled as Tensor;
  };
  const wholeBytes = session.device === 'webgpu' ? WHOLE_BYTES_ON_GPU : CHUNK_BYTES;
  const chunks = subsamplingChunks(spec, { numClips: clips.length, numFrames, factor, wholeBytes });
  if (chunks.length === 1) return run(chunks[0] as SubsamplingChunk);

  const total = chunks.reduce((sum, { count }) => sum + count, 0);
  const joined = new Float32Array(clips.length * total * spec.dModel);
  let done = 0;
  for (const chunk of chunks) {
    const part = await run(chunk);
    const values = await hostValues(part);
    const frames = part.dims[1] as number;
    clips.forEach((_, clip) => {
      const from = (clip * frames + chunk.skip) * spec.dModel;
      joined.set(values.subarray(from, from + chunk.count * spec.dModel), (clip * total + done) * spec.dModel);
    });
    part.dispose();
    done += chunk.count;
  }
  return new sessions.instance.ort.Tensor('float32', joined, [clips.length, total, spec.dModel]);
}
