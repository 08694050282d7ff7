/**
 * Streaming with a cache-aware encoder: every step sees only new frames and the caches (NeMo `conformer_stream_step`).
 *
 * Output equals the offline one of the same attention context. Caches stay on the encoder's device between steps; after a GPU failure they are
 * gone, so the encoder starts again with empty caches at the current frame, which costs some context but no words already settled.
 */
import { type FusedState, chooseCtcFused } from '../decoding/ctc-fused-greedy.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { MelStream } from '../audio/mel.ts';
import type { Emission } from '../base/emission.ts';
import { assert } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { CTC_START, type CtcState, decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import { type TransducerState, decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import { attentionMask } from '../model/attention-mask.ts';
import type { ConformerSpec, ContextSize } from '../model/conformer-spec.ts';
import { frameFactor } from '../model/encoder.ts';
import { blankClass } from '../model/transducer-spec.ts';
import { stageLengths } from '../model/subsampling.ts';
import { type StreamingPlan, streamingPlan } from '../model/streaming-spec.ts';
import type { Tensor } from '../runtime/session.ts';
import type { RunningModel } from './engine-model.ts';
import { projectFrames } from './decode-clips.ts';
import { hostIds } from './decode-ctc.ts';
import { type Encoded, hostValues } from './encoder-runner.ts';
import { FeatureQueue } from './feature-queue.ts';
import type { StreamOptions, StreamUpdate } from './options.ts';
import { CommittedText } from './stream-text.ts';
import type { Recognizer } from './recognizer.ts';
import { type PredictorState, TransducerRunner } from './transducer-runner.ts';

type Caches = { keys: Tensor; values: Tensor; conv: Tensor };

export class CacheAwareRecognizer implements Recognizer {
  readonly #model: RunningModel;
  readonly #onUpdate: (update: StreamUpdate) => void;
  readonly #encoder: ConformerSpec;
  readonly #context: ContextSize;
  readonly #language: string | undefined;
  readonly #plan: StreamingPlan;
  readonly #mel: MelStream;
  readonly #queue: FeatureQueue;
  readonly #emissions: Emission[] = [];
  readonly #timestep: number[] = [];
  readonly #text = new CommittedText();
  readonly #forgetReset: () => void;
  #caches: Caches | undefined;
  /** Valid frames at the end of the caches. */
  #numCached = 0;
  #numFrames = 0;
  #isFirst = true;
  #score = 0;
  #ctc: CtcState = CTC_START;
  #fused: FusedState | undefined;
  #transducer: TransducerState<PredictorState> | undefined;

  constructor(
    model: RunningModel,
    context: ContextSize,
    { targetLang }: StreamOptions,
    onUpdate: (update: StreamUpdate) => void,
  ) {
    const { spec, sessions } = model.parts;
    assert(spec.encoder.kind === 'conformer', 'only Conformers are cache-aware');
    this.#model = model;
    this.#onUpdate = onUpdate;
    this.#encoder = spec.encoder;
    this.#context = context;
    this.#language = targetLang;
    this.#plan = streamingPlan(spec.encoder, context);
    this.#mel = new MelStream(model.parts.melConfig);
    this.#queue = new FeatureQueue(this.#mel.numFeatures, this.#plan.featureCache);
    this.#forgetReset = sessions.onReset(() => {
      this.#caches = undefined;
      this.#numCached = 0;
    });
  }

  async accept(samples: Float32Array): Promise<void> {
    this.#queue.append(this.#mel.push(samples));
    for (;;) {
      const wanted = this.#isFirst ? this.#plan.firstChunk : this.#plan.chunk;
      if (this.#queue.available < wanted) return;
      await this.#step(wanted);
      this.#update(false);
    }
  }

  async finish(): Promise<Hypothesis> {
    this.#queue.append(this.#mel.finish());
    for (;;) {
      const wanted = this.#isFirst ? this.#plan.firstChunk : this.#plan.chunk;
      if (this.#queue.available === 0) break;
      await this.#step(Math.min(wanted, this.#queue.available));
    }
    this.#update(true);
    const decoded = {
      emissions: this.#emissions,
      score: this.#score,
      length: this.#numFrames,
      timestep: this.#timestep,
    };
    return this.#model.parts.writer.write([{ decoded, startFrame: 0 }], {
      timestamps: true,
      decoder: this.#model.decoderKind,
    });
  }

  dispose(): void {
    this.#forgetReset();
    this.#dropCaches();
  }

  /** One encoder step over `numFrames` new feature frames, and what it adds to the text. */
  async #step(numFrames: number): Promise<void> {
    const chunk = this.#queue.take(numFrames, !this.#isFirst);
    const encoded = await this.#model.parts.sessions.withFallback(() => this.#encode(chunk.data, chunk.numFrames));
    this.#isFirst = false;
    if (!encoded) return;
    try {
      await this.#decode(encoded);
    } finally {
      encoded.tensor.dispose();
    }
  }

  async #encode(data: Float32Array, numFrames: number): Promise<Encoded | undefined> {
    const { sessions, encoder } = this.#model.parts;
    const { ort } = sessions.instance;
    const { cachedFrames } = this.#plan;
    const drop = this.#isFirst ? 0 : this.#plan.drop;
    const frames = (stageLengths(this.#encoder, numFrames).at(-1) as number) - drop;
    if (frames <= 0) return undefined;
    const all = cachedFrames + frames;
    const mask = attentionMask(this.#encoder, this.#context, {
      numQueries: frames,
      numKeys: all,
      firstValidKey: cachedFrames - this.#numCached,
    });
    const caches = this.#caches ?? this.#emptyCaches();
    const session = await sessions.get('encoder_step');
    const outputs = await session.run({
      features: new ort.Tensor('float32', data, [1, data.length / numFrames, numFrames]),
      drop: new ort.Tensor('int64', BigInt64Array.of(BigInt(drop)), [1]),
      attention_mask: new ort.Tensor('float32', mask, [1, 1, frames, all]),
      cache_range: new ort.Tensor('int64', BigInt64Array.of(BigInt(frames), BigInt(frames + cachedFrames)), [2]),
      ...caches,
      ...(await encoder.streamPositions(frames, all)),
    });
    this.#dropCaches();
    this.#caches = {
      keys: outputs['keys_next'] as Tensor,
      values: outputs['values_next'] as Tensor,
      conv: outputs['conv_next'] as Tensor,
    };
    this.#numCached = Math.min(cachedFrames, this.#numCached + frames);
    return {
      tensor: await encoder.prompted(outputs['encoded'] as Tensor, this.#language),
      lengths: [frames],
      featureLengths: [numFrames],
    };
  }

  async #decode(encoded: Encoded): Promise<void> {
    const { spec, sessions } = this.#model.parts;
    if (this.#model.decoder === 'ctc' && spec.ctc) {
      const session = await sessions.get('ctc');
      const fusion = this.#model.decoding?.fusion ?? [];
      const outputs = await session.run(
        { encoded: encoded.tensor },
        fusion.length > 0 ? ['log_probs'] : ['ids', 'best'],
      );
      const { ids, best } =
        fusion.length > 0
          ? this.#chooseFused(await hostValues(outputs['log_probs'] as Tensor), spec.ctc.vocabularySize + 1, fusion)
          : { ids: await hostIds(outputs['ids'] as Tensor), best: await hostValues(outputs['best'] as Tensor) };
      const decoded = decodeCtcGreedy(ids, best, spec.ctc.vocabularySize, this.#ctc);
      this.#ctc = decoded.state;
      this.#add(decoded.emissions, decoded.nonBlankFrames, decoded.score);
    } else if (spec.transducer) {
      const network = new TransducerRunner(sessions, spec.transducer, await projectFrames(sessions, spec, encoded));
      const { durations, bigBlankDurations } = spec.transducer;
      const options = {
        blank: blankClass(spec.transducer),
        durations,
        bigBlankDurations,
        maxSymbols: this.#model.maxSymbols,
        fusion: this.#model.decoding?.fusion ?? [],
      };
      const [decoded] = await decodeTransducerGreedy(
        network,
        encoded.lengths,
        options,
        this.#transducer && [this.#transducer],
      );
      assert(decoded, 'one clip gives one result');
      this.#transducer = decoded.state;
      this.#add(
        decoded.emissions,
        decoded.emissions.map((emission) => emission.frame),
        decoded.score,
      );
    }
    this.#numFrames += encoded.lengths[0] as number;
  }

  #chooseFused(
    logProbs: Float32Array,
    numClasses: number,
    fusion: readonly WeightedFusion[],
  ): { ids: Int32Array; best: Float32Array } {
    const { state, ...chosen } = chooseCtcFused(logProbs, numClasses, fusion, this.#fused);
    this.#fused = state;
    return chosen;
  }

  #add(emissions: readonly Emission[], timestep: readonly number[], score: number): void {
    this.#emissions.push(...emissions);
    this.#timestep.push(...timestep);
    this.#score += score;
  }

  #update(isFinal: boolean): void {
    const { writer, spec } = this.#model.parts;
    const text = writer.text(this.#emissions.map((emission) => emission.token));
    const draft = this.#text.settle(text, isFinal);
    const words = writer.timestamps(this.#emissions, this.#model.decoderKind).word ?? [];
    const time = this.#numFrames * spec.mel.windowStride * frameFactor(spec.encoder);
    this.#onUpdate({ committed: this.#text.committed, draft, words, time, isFinal });
  }

  #emptyCaches(): Caches {
    const { ort } = this.#model.parts.sessions.instance;
    const { numLayers, dModel, convKernel } = this.#encoder;
    const zeros = (frames: number) =>
      new ort.Tensor('float32', new Float32Array(numLayers * frames * dModel), [numLayers, 1, frames, dModel]);
    return {
      keys: zeros(this.#plan.cachedFrames),
      values: zeros(this.#plan.cachedFrames),
      conv: zeros(convKernel - 1),
    };
  }

  #dropCaches(): void {
    for (const tensor of Object.values(this.#caches ?? {})) tensor.dispose();
    this.#caches = undefined;
  }
}
