/**
 * A cache-aware encoder, step by step: every step sees only new frames and the caches (NeMo `conformer_stream_step`).
 *
 * Output equals the offline one of the same attention context. Caches stay on the encoder's device between steps; after a GPU failure they are
 * gone, so the encoder starts again with empty caches at the current frame, which costs some context but no words already settled.
 */
import type { MelFeatures } from '../audio/mel.ts';
import { attentionMask } from '../model/attention-mask.ts';
import type { ConformerSpec, ContextSize } from '../model/conformer-spec.ts';
import { type StreamingPlan, streamingPlan } from '../model/streaming-spec.ts';
import { preEncodedFrames } from '../model/pre-encode.ts';
import type { Tensor } from '../runtime/session.ts';
import type { Encoded, EncoderRunner } from './encoder-runner.ts';
import { FeatureQueue } from './feature-queue.ts';
import type { ModelSessions } from './sessions.ts';

type Caches = { keys: Tensor; values: Tensor; conv: Tensor };

export type CacheAwareOptions = {
  readonly sessions: ModelSessions;
  readonly encoder: EncoderRunner;
  readonly spec: ConformerSpec;
  readonly context: ContextSize;
  readonly language: string | undefined;
};

export class CacheAwareEncoder implements Disposable {
  readonly #sessions: ModelSessions;
  readonly #runner: EncoderRunner;
  readonly #spec: ConformerSpec;
  readonly #context: ContextSize;
  readonly #language: string | undefined;
  readonly #plan: StreamingPlan;
  readonly #queue: FeatureQueue;
  readonly #forgetReset: () => void;
  #caches: Caches | undefined;
  /** Valid frames at the end of the caches. */
  #numCached = 0;
  /** Feature columns behind us. */
  #position = 0;

  constructor({ sessions, encoder, spec, context, language }: CacheAwareOptions) {
    this.#sessions = sessions;
    this.#runner = encoder;
    this.#spec = spec;
    this.#context = context;
    this.#language = language;
    this.#plan = streamingPlan(spec, context);
    this.#queue = new FeatureQueue(spec.featIn, this.#plan.featureCache);
    this.#forgetReset = sessions.onReset(() => {
      this.#caches = undefined;
      this.#numCached = 0;
    });
  }

  append(features: MelFeatures): void {
    this.#queue.append(features);
  }

  /** Whether there is anything for a step, though it may be less than one takes. */
  get hasRest(): boolean {
    return this.#queue.available > 0;
  }

  /** Whether there is all that the next step takes. */
  get isReady(): boolean {
    return this.#queue.available >= this.#wanted;
  }

  /** Feature columns of the next step, the end exclusive. */
  get next(): readonly [start: number, end: number] {
    return [this.#position, this.#position + this.#numNext];
  }

  /**
   * The next step, handed to `use`, which is not called for a rest too short to give a frame. Its tensor may have frames behind its length, and
   * ends with `use`. When the GPU fails in either, both run once more: `use` therefore keeps nothing before it is done.
   */
  async step<T>(use: (encoded: Encoded) => Promise<T>): Promise<T | undefined> {
    const isFirst = this.#position === 0;
    const lookAhead = this.#lookAhead;
    const { data, numFrames } = this.#take();
    return this.#sessions.withFallback(async () => {
      const encoded = await this.#encode(data, numFrames, { isFirst, lookAhead });
      if (!encoded) return undefined;
      try {
        return await use(encoded);
      } finally {
        encoded.tensor.dispose();
      }
    });
  }

  /** Leaves the next step out, as if it had not been said; gives the number of frames it would have had. */
  skip(): number {
    const drop = this.#position === 0 ? 0 : this.#plan.drop;
    const lookAhead = this.#lookAhead;
    return Math.max(0, this.#framesOf(this.#take().numFrames, drop) - lookAhead);
  }

  [Symbol.dispose](): void {
    this.#forgetReset();
    this.#dropCaches();
  }

  #dropCaches(): void {
    for (const tensor of Object.values(this.#caches ?? {})) tensor.dispose();
    this.#caches = undefined;
  }

  get #wanted(): number {
    return this.#position === 0 ? this.#plan.firstChunk : this.#plan.chunk;
  }

  get #numNext(): number {
    return Math.min(this.#wanted, this.#queue.available);
  }

  /** Frames of the next step that a later one gives; the rest of a stream keeps none back. */
  get #lookAhead(): number {
    return this.isReady ? this.#plan.lookAhead : 0;
  }

  #take(): MelFeatures {
    const numNew = this.#numNext;
    const numKept = this.#lookAhead * this.#spec.subsamplingFactor;
    const chunk = this.#queue.take(numNew, this.#position > 0, numKept);
    this.#position += numNew - numKept;
    return chunk;
  }

  #framesOf(numFeatureFrames: number, drop: number): number {
    return Math.max(0, preEncodedFrames(this.#spec, numFeatureFrames) - drop);
  }

  async #encode(
    data: Float32Array,
    numFrames: number,
    { isFirst, lookAhead }: { readonly isFirst: boolean; readonly lookAhead: number },
  ): Promise<Encoded | undefined> {
    const { ort } = this.#sessions.instance;
    const { cachedFrames } = this.#plan;
    const drop = isFirst ? 0 : this.#plan.drop;
    const frames = this.#framesOf(numFrames, drop);
    if (frames === 0) return undefined;
    const all = cachedFrames + frames;
    const settled = frames - lookAhead;
    const mask = attentionMask(this.#spec, this.#context, {
      numQueries: frames,
      numKeys: all,
      firstValidKey: cachedFrames - this.#numCached,
    });
    const caches = this.#caches ?? this.#emptyCaches();
    const session = await this.#sessions.get('encoder_step');
    const outputs = await session.run({
      features: new ort.Tensor('float32', data, [1, data.length / numFrames, numFrames]),
      drop: new ort.Tensor('int64', BigInt64Array.of(BigInt(drop)), [1]),
      attention_mask: new ort.Tensor('float32', mask, [1, 1, frames, all]),
      cache_range: new ort.Tensor('int64', BigInt64Array.of(BigInt(settled), BigInt(settled + cachedFrames)), [2]),
      ...caches,
      ...(await this.#runner.streamPositions(frames, all)),
    });
    this.#dropCaches();
    this.#caches = {
      keys: outputs['keys_next'] as Tensor,
      values: outputs['values_next'] as Tensor,
      conv: outputs['conv_next'] as Tensor,
    };
    this.#numCached = Math.min(cachedFrames, this.#numCached + settled);
    return {
      tensor: await this.#runner.prompted(outputs['encoded'] as Tensor, this.#language),
      lengths: [settled],
      featureLengths: [numFrames],
    };
  }

  #emptyCaches(): Caches {
    const { ort } = this.#sessions.instance;
    const { numLayers, dModel, convKernel } = this.#spec;
    const zeros = (frames: number) =>
      new ort.Tensor('float32', new Float32Array(numLayers * frames * dModel), [numLayers, 1, frames, dModel]);
    return {
      keys: zeros(this.#plan.cachedFrames),
      values: zeros(this.#plan.cachedFrames),
      conv: zeros(convKernel - 1),
    };
  }
}
