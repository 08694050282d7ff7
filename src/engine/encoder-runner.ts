/** Runs the encoder over features: batches, masks, and the cache of projected positions. */
import type { MelFeatures } from '../audio/mel.ts';
import { AsrError } from '../base/errors.ts';
import { type AttentionChange, withAttentionModel } from '../model/attention-switch.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import {
  type EncoderBatch,
  type EncoderSpec,
  encodedLength,
  encoderFeeds,
  encoderPositions,
  needsMask,
  seesPadding,
  subsamplingSpec,
  takesMasks,
} from '../model/encoder.ts';
import { columnsOf, encoderSegments } from '../model/encoder-segments.ts';
import { oneHotLanguages } from '../model/language-prompt.ts';
import { positionTable } from '../model/positions.ts';
import type { ModelSpec } from '../model/spec.ts';
import { checkChunkingFactor } from '../model/subsampling-chunks.ts';
import type { Tensor } from '../runtime/session.ts';
import { batchFeatures, toTensors } from './encoder-tensors.ts';
import type { SessionSource } from './sessions.ts';
import { encodeSegments } from './segment-runner.ts';
import { subsample } from './subsampling-runner.ts';

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

/** Projected positions are kept for this many lengths: clips of one file share a few. */
const KEPT_LENGTHS = 4;

export class EncoderRunner implements Disposable {
  readonly #sessions: SessionSource;
  readonly #model: EncoderOwner;
  /** What the graphs are fed by: the checkpoint's spec, or one with other attention. */
  #spec: EncoderSpec;
  /** Columns of `padValue` behind a clip that the encoder sees, as in NeMo. */
  readonly #paddingColumns: number;
  #chunkingFactor: number;
  readonly #positions = new Map<string, Record<string, Tensor>>();
  readonly #forgetReset: () => void;

  constructor(sessions: SessionSource, model: EncoderOwner) {
    this.#sessions = sessions;
    this.#model = model;
    this.#spec = model.encoder;
    this.#chunkingFactor = subsamplingSpec(model.encoder)?.chunkingFactor ?? 1;
    this.#paddingColumns = seesPadding(model.encoder) && !model.mel.exactPad ? 1 : 0;
    this.#forgetReset = sessions.onReset(() => this.#positions.clear());
  }

  /** The encoder as it runs now, with the attention it was changed to. */
  get spec(): EncoderSpec {
    return this.#spec;
  }

  /** NeMo's `subsampling_conv_chunking_factor`. */
  get chunkingFactor(): number {
    return this.#chunkingFactor;
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

  /** NeMo `change_subsampling_conv_chunking_factor`; encoders without convolutions before their layers do not mind. @throws AsrError `unsupported-option` */
  changeChunking(factor: number): void {
    checkChunkingFactor(factor);
    this.#chunkingFactor = factor;
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
    const masked = clips.length > 1 || this.#spec !== this.#model.encoder || needsMask(this.#spec, context);
    const lengths = clips.map((clip) => clip.numFrames);
    const numFrames = Math.max(...lengths) + (seesPadding(this.#spec) ? paddingColumns : 0);
    const input = await this.#input(clips, numFrames, masked);
    const encoded = await this.#encodeInput(input, { lengths, numFrames, context }, masked);
    return {
      tensor: await this.prompted(encoded, language),
      lengths: lengths.map((length) => encodedLength(this.#spec, length, numFrames)),
      featureLengths: lengths,
    };
  }

  /** Encoder frames conditioned on a language, for `…WithPrompt` models; others pass through. */
  async prompted(encoded: Tensor, language = 'auto'): Promise<Tensor> {
    const { languagePrompt } = this.#model;
    if (!languagePrompt) return encoded;
    const { languages: known } = languagePrompt;
    const index = Object.hasOwn(known, language) ? known[language] : undefined;
    if (index === undefined) {
      const offered = Object.keys(known).join(', ');
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

  /** What the encoder starts from: subsampled frames, or features where no convolution subsamples. */
  #input(clips: readonly MelFeatures[], numFrames: number, masked: boolean): Promise<Tensor> {
    const { padValue } = this.#model.mel;
    const subsampling = subsamplingSpec(this.#spec);
    if (!subsampling)
      return Promise.resolve(batchFeatures(this.#sessions.instance, clips, { from: 0, to: numFrames, padValue }));
    const batch = { clips, numFrames, padValue, masked, takesMasks: takesMasks(this.#spec, { masked }) };
    return subsample(this.#sessions, subsampling, { ...batch, factor: this.#chunkingFactor });
  }

  /** All at once, or a long clip in segments where that gives the same; `input` is given back. */
  #encodeInput(input: Tensor, batch: EncoderBatch, masked: boolean): Promise<Tensor> {
    const spec = this.#spec;
    if (spec.kind !== 'conformer' || !subsamplingSpec(spec) || batch.lengths.length > 1)
      return this.#layers(input, batch, masked);
    const segments = encoderSegments(spec, batch.context, input.dims[1] as number);
    if (segments.length === 1) return this.#layers(input, batch, masked);
    return encodeSegments(this.#sessions.instance, input, segments, (part, frames) => {
      const numFrames = columnsOf(spec, frames);
      return this.#layers(part, { lengths: [numFrames], numFrames, context: batch.context }, masked);
    });
  }

  async #layers(input: Tensor, batch: EncoderBatch, masked: boolean): Promise<Tensor> {
    const feeds: Record<string, Tensor> = { [subsamplingSpec(this.#spec) ? 'subsampled' : 'features']: input };
    for (const { key, rows, names, table } of encoderPositions(this.#spec, batch.numFrames, batch.context))
      Object.assign(feeds, await this.#projected(key, names, table, rows));
    Object.assign(feeds, toTensors(this.#sessions.instance, encoderFeeds(this.#spec, batch, { masked })));
    const session = await this.#sessions.get(masked ? 'encoder_masked' : 'encoder');
    const { encoded } = await session.run(feeds);
    input.dispose();
    return encoded as Tensor;
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
}
