/** Runs the encoder over features: batches, masks, and the cache of projected positions. */
import type { MelFeatures } from '../audio/mel.ts';
import { AsrError } from '../base/errors.ts';
import { type AttentionChange, withAttentionModel } from '../model/attention-switch.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { type EncoderSpec, encodedLength, encoderFeeds, encoderPositions, seesPadding } from '../model/encoder.ts';
import { oneHotLanguages } from '../model/language-prompt.ts';
import { positionTable } from '../model/positions.ts';
import type { ModelSpec } from '../model/spec.ts';
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

/** What the runner needs of a model, recognizer or classifier. */
export type EncoderOwner = Pick<ModelSpec, 'encoder' | 'languagePrompt'> & {
  readonly mel: Pick<ModelSpec['mel'], 'exactPad' | 'padValue'>;
};

/** Where sessions come from: the model's own, or a probe's. */
export type SessionSource = Pick<ModelSessions, 'instance' | 'get' | 'onReset'>;

/** Projected positions are kept for this many lengths: clips of one file share a few. */
const KEPT_LENGTHS = 4;

export class EncoderRunner implements Disposable {
  readonly #sessions: SessionSource;
  readonly #model: EncoderOwner;
  /** What the graphs are fed by: the checkpoint's spec, or one with other attention. */
  #spec: EncoderSpec;
  /** Columns of `padValue` behind a clip that the encoder sees, as in NeMo. */
  readonly #paddingColumns: number;
  readonly #positions = new Map<string, Record<string, Tensor>>();
  readonly #forgetReset: () => void;

  constructor(sessions: SessionSource, model: EncoderOwner) {
    this.#sessions = sessions;
    this.#model = model;
    this.#spec = model.encoder;
    this.#paddingColumns = seesPadding(model.encoder) && !model.mel.exactPad ? 1 : 0;
    this.#forgetReset = sessions.onReset(() => this.#positions.clear());
  }

  /** False for encoders whose results depend on padding: their clips must be encoded one by one. */
  get canBatch(): boolean {
    return !seesPadding(this.#spec);
  }

  /** NeMo `change_attention_model`; the context to run with from now on. */
  changeAttention(change: AttentionChange): ContextSize {
    const { encoder } = this.#model;
    if (encoder.kind !== 'conformer')
      throw new AsrError('unsupported-option', 'changeAttentionModel needs a Conformer encoder.');
    const changed = withAttentionModel(encoder, change);
    this.#spec = changed;
    return changed.contexts[0] as ContextSize;
  }

  /**
   * Encodes clips of non-zero length together. One clip alone runs without masks, unless its attention was changed.
   *
   * @param language for `…WithPrompt` models
   * @param paddingColumns columns behind the clips, where the encoder sees padding at all; NeMo's for mel features unless given
   */
  async encode(
    clips: readonly MelFeatures[],
    context: ContextSize,
    language?: string,
    paddingColumns: number = this.#paddingColumns,
  ): Promise<Encoded> {
    const masked = clips.length > 1 || this.#spec !== this.#model.encoder;
    const lengths = clips.map((clip) => clip.numFrames);
    const numFrames = Math.max(...lengths) + (seesPadding(this.#spec) ? paddingColumns : 0);
    const { ort } = this.#sessions.instance;

    const feeds: Record<string, Tensor> = { features: this.#batch(clips, numFrames) };
    for (const { key, rows, names, table } of encoderPositions(this.#spec, numFrames, context)) {
      Object.assign(feeds, await this.#projected(key, names, table, rows));
    }
    for (const [name, { data, dims }] of Object.entries(
      encoderFeeds(this.#spec, { lengths, numFrames, context }, { masked }),
    )) {
      feeds[name] =
        data instanceof Int32Array
          ? new ort.Tensor('int32', data, dims as number[])
          : new ort.Tensor('float32', data, dims as number[]);
    }
    const session = await this.#sessions.get(masked ? 'encoder_masked' : 'encoder');
    const { encoded } = await session.run(feeds);
    return {
      tensor: await this.prompted(encoded as Tensor, language),
      lengths: lengths.map((length) => encodedLength(this.#spec, length, numFrames)),
      featureLengths: lengths,
    };
  }

  /** Encoder frames conditioned on a language, for `…WithPrompt` models; others pass through. */
  async prompted(encoded: Tensor, language = 'auto'): Promise<Tensor> {
    const { languagePrompt } = this.#model;
    if (!languagePrompt) return encoded;
    const index = languagePrompt.languages[language];
    if (index === undefined) {
      const offered = Object.keys(languagePrompt.languages).join(', ');
      throw new AsrError(
        'unsupported-option',
        `targetLang "${language}" is not one of the checkpoint's languages: ${offered}.`,
      );
    }
    const { ort } = this.#sessions.instance;
    const clips = encoded.dims[0] as number;
    const languages = oneHotLanguages(languagePrompt, Array<number>(clips).fill(index));
    const session = await this.#sessions.get('prompt');
    const { prompted } = await session.run({
      encoded,
      language: new ort.Tensor('float32', languages, [clips, languagePrompt.numPrompts]),
    });
    encoded.dispose();
    return prompted as Tensor;
  }

  /** The `position_<layer>` inputs of a streaming step: `numQueries` new frames seeing `numKeys`; kept, not to be disposed by the caller. */
  streamPositions(numQueries: number, numKeys: number): Promise<Record<string, Tensor>> {
    const { encoder } = this.#model;
    if (encoder.kind !== 'conformer') return Promise.resolve({});
    const table = () => positionTable(numQueries + numKeys, numKeys, encoder.dModel);
    return this.#projected(`${numQueries}/${numKeys}`, undefined, table, numQueries + numKeys);
  }

  /** Frees the kept positions. */
  [Symbol.dispose](): void {
    this.#forgetReset();
    for (const tensors of this.#positions.values()) for (const tensor of Object.values(tensors)) tensor.dispose();
    this.#positions.clear();
  }

  async #projected(
    key: string,
    names: readonly string[] | undefined,
    table: () => Float32Array,
    rows: number,
  ): Promise<Record<string, Tensor>> {
    const id = `${key}:${names?.join() ?? 'all'}`;
    const known = this.#positions.get(id);
    if (known) {
      this.#positions.delete(id);
      this.#positions.set(id, known);
      return known;
    }
    const session = await this.#sessions.get('positions');
    const values = table();
    const tensor = new this.#sessions.instance.ort.Tensor('float32', values, [rows, values.length / rows]);
    const projected = await session.run({ position_table: tensor }, names);
    this.#positions.set(id, projected);
    const oldest = this.#positions.size > KEPT_LENGTHS ? this.#positions.keys().next().value : undefined;
    if (oldest !== undefined) {
      for (const old of Object.values(this.#positions.get(oldest) ?? {})) old.dispose();
      this.#positions.delete(oldest);
    }
    return projected;
  }

  #batch(clips: readonly MelFeatures[], numFrames: number): Tensor {
    const { ort } = this.#sessions.instance;
    const numFeatures = (clips[0] as MelFeatures).numFeatures;
    if (clips.length === 1 && numFrames === (clips[0] as MelFeatures).numFrames)
      return new ort.Tensor('float32', (clips[0] as MelFeatures).data, [1, numFeatures, numFrames]);
    const data = new Float32Array(clips.length * numFeatures * numFrames).fill(this.#model.mel.padValue);
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
