/** Runs the encoder over features: batches, masks, and the cache of projected positions. */
import type { MelFeatures } from '../audio/mel.ts';
import { type EncoderSpec, encodedLength, encoderFeeds } from '../model/encoder.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { positionTable } from '../model/positions.ts';
import type { Tensor } from '../runtime/session.ts';
import type { ModelSessions } from './sessions.ts';

/** Encoder output of a batch. */
export type Encoded = {
  /** [batch, frames, size]; may live on the GPU. Call `dispose` when done. */
  readonly tensor: Tensor;
  /** Valid frames of every clip. */
  readonly lengths: readonly number[];
  /** Feature frames they were made from. */
  readonly featureLengths: readonly number[];
};

/** Projected positions are kept for this many lengths: clips of one file share a few. */
const KEPT_LENGTHS = 3;

export class EncoderRunner {
  readonly #sessions: ModelSessions;
  readonly #spec: EncoderSpec;
  readonly #positions = new Map<string, Record<string, Tensor>>();

  constructor(sessions: ModelSessions, spec: EncoderSpec) {
    this.#sessions = sessions;
    this.#spec = spec;
    sessions.onReset(() => this.#positions.clear());
  }

  /** Encodes clips of non-zero length together. One clip alone runs without masks. */
  async encode(clips: readonly MelFeatures[], context: ContextSize): Promise<Encoded> {
    const masked = clips.length > 1;
    const lengths = clips.map((clip) => clip.numFrames);
    const numFrames = Math.max(...lengths);
    const frames = encodedLength(this.#spec, numFrames);
    const { ort } = this.#sessions.instance;

    const feeds: Record<string, Tensor> = {
      features: this.#batch(clips, numFrames),
      ...(await this.positions(frames, frames)),
    };
    for (const [name, { data, dims }] of Object.entries(
      encoderFeeds(this.#spec, { lengths, numFrames, context }, { masked }),
    )) {
      feeds[name] = new ort.Tensor('float32', data, dims as number[]);
    }
    const session = await this.#sessions.get(masked ? 'encoder_masked' : 'encoder');
    const { encoded } = await session.run(feeds);
    return {
      tensor: encoded as Tensor,
      lengths: lengths.map((length) => encodedLength(this.#spec, length)),
      featureLengths: lengths,
    };
  }

  /** The `position_<layer>` inputs for `numQueries` frames seeing `numKeys`; kept, not to be disposed by the caller. */
  async positions(numQueries: number, numKeys: number): Promise<Record<string, Tensor>> {
    const key = `${numQueries}/${numKeys}`;
    const known = this.#positions.get(key);
    if (known) {
      this.#positions.delete(key);
      this.#positions.set(key, known);
      return known;
    }
    if (this.#spec.kind !== 'conformer') return {};
    const { dModel } = this.#spec;
    const session = await this.#sessions.get('positions');
    const table = new this.#sessions.instance.ort.Tensor('float32', positionTable(numQueries, numKeys, dModel), [
      numQueries + numKeys,
      dModel,
    ]);
    const projected = await session.run({ position_table: table });
    this.#positions.set(key, projected);
    const oldest = this.#positions.size > KEPT_LENGTHS ? this.#positions.keys().next().value : undefined;
    if (oldest !== undefined) {
      for (const tensor of Object.values(this.#positions.get(oldest) ?? {})) tensor.dispose();
      this.#positions.delete(oldest);
    }
    return projected;
  }

  #batch(clips: readonly MelFeatures[], numFrames: number): Tensor {
    const { ort } = this.#sessions.instance;
    const numFeatures = (clips[0] as MelFeatures).numFeatures;
    if (clips.length === 1)
      return new ort.Tensor('float32', (clips[0] as MelFeatures).data, [1, numFeatures, numFrames]);
    const data = new Float32Array(clips.length * numFeatures * numFrames);
    clips.forEach((clip, index) => {
      for (let row = 0; row < numFeatures; row++) {
        const from = row * clip.numFrames;
        data.set(clip.data.subarray(from, from + clip.numFrames), (index * numFeatures + row) * numFrames);
      }
    });
    return new ort.Tensor('float32', data, [clips.length, numFeatures, numFrames]);
  }
}

/** Values of a tensor, wherever it lives. */
export async function hostValues(tensor: Tensor): Promise<Float32Array> {
  return (tensor.location === 'cpu' ? tensor.data : await tensor.getData()) as Float32Array;
}
