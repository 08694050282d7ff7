/**
 * Streaming with a cache-aware encoder: its frames are decoded as they come, and words are settled as they are heard.
 *
 * With a voice detector, steps in which it hears nobody are left out; those that are run are the same, and on the same clock, as without.
 */
import { type FusedState, chooseCtcFused } from '../decoding/ctc-fused-greedy.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { MelStream } from '../audio/mel.ts';
import type { Emission } from '../base/emission.ts';
import { assert } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { CTC_START, type CtcState, decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import { type TransducerState, decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { frameFactor } from '../model/encoder.ts';
import { blankClass } from '../model/transducer-spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { CacheAwareEncoder } from './cache-aware-encoder.ts';
import type { RunningModel } from './running-model.ts';
import { projectFrames } from './decode-clips.ts';
import { hostIds } from './decode-ctc.ts';
import { transducerDecodingOf } from './decoding.ts';
import type { Encoded } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { StreamOptions, StreamUpdate } from './options.ts';
import type { Recognizer } from './recognizer.ts';
import { RunningTranscript } from './running-transcript.ts';
import type { GateDecision, StreamGate } from './stream-gate.ts';
import { CommittedText } from './stream-text.ts';
import { type PredictorState, TransducerRunner } from './transducer-runner.ts';
import { prepared, restartsAtZero, temperatureOf } from './transducer-search.ts';

export class CacheAwareRecognizer implements Recognizer {
  readonly #model: RunningModel;
  readonly #onUpdate: (update: StreamUpdate) => void;
  readonly #encoder: CacheAwareEncoder;
  /** Keeps out what a voice detector hears nobody in. */
  readonly #gate: StreamGate | undefined;
  /** Boosted phrases of this stream. */
  readonly #biasing: WeightedFusion | undefined;
  readonly #mel: MelStream;
  readonly #emissions: Emission[] = [];
  readonly #timestep: number[] = [];
  readonly #transcript: RunningTranscript;
  readonly #text = new CommittedText();
  /** Encoder frames behind us, those left out among them. */
  #numFrames = 0;
  /** Those left out: the decoder does not count them. */
  #numSkipped = 0;
  #score = 0;
  /** Seconds told so far. */
  #time = 0;
  #ctc: CtcState = CTC_START;
  #fused: FusedState | undefined;
  #transducer: TransducerState<PredictorState> | undefined;

  constructor(
    model: RunningModel,
    context: ContextSize,
    { targetLang }: StreamOptions,
    onUpdate: (update: StreamUpdate) => void,
    { gate, biasing }: { readonly gate?: StreamGate | undefined; readonly biasing?: WeightedFusion | undefined } = {},
  ) {
    const { spec, sessions, encoder } = model.parts;
    assert(spec.encoder.kind === 'conformer', 'only Conformers are cache-aware');
    this.#model = model;
    this.#onUpdate = onUpdate;
    this.#gate = gate;
    this.#biasing = biasing;
    const { writer } = model.parts;
    this.#transcript = new RunningTranscript({
      text: (emissions) => writer.text(emissions.map(({ token }) => token)),
      words: (emissions) => writer.timestamps(emissions, model.decoderKind).word ?? [],
    });
    this.#mel = new MelStream(model.parts.melConfig);
    this.#encoder = new CacheAwareEncoder({ sessions, encoder, spec: spec.encoder, context, language: targetLang });
  }

  async accept(samples: Float32Array): Promise<void> {
    for (let from = 0; from < samples.length; ) {
      const piece = samples.subarray(from, from + (this.#gate?.room ?? samples.length));
      const isDue = piece.length === this.#gate?.room;
      from += piece.length;
      this.#gate?.append(piece);
      // Before the detector listens again, so that it does not matter how the samples were cut.
      this.#encoder.append(this.#mel.push(piece));
      await this.#runSteps();
      if (isDue) await this.#listen();
    }
  }

  async finish(): Promise<Hypothesis> {
    this.#encoder.append(this.#mel.finish());
    await this.#gate?.listen(true);
    while (this.#encoder.hasRest) {
      if (this.#decision === 'run') await this.#step();
      else this.#skip();
    }
    this.#update({ isFinal: true });
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
    this.#encoder[Symbol.dispose]();
  }

  /** All steps that there are features for, as far as the gate lets them through. */
  async #runSteps(): Promise<void> {
    while (this.#encoder.isReady) {
      const decision = this.#decision;
      if (decision === 'wait') return;
      if (decision === 'skip') this.#skip();
      else {
        await this.#step();
        this.#update();
      }
    }
  }

  /** Where nobody speaks any more, and all that was said is decoded, a segment ends: its last word is settled. */
  async #listen(): Promise<void> {
    assert(this.#gate, 'only a gate makes listening due');
    await this.#gate.listen();
    await this.#runSteps();
    if (!this.#gate.isSpeech && this.#decision !== 'run') this.#update({ isSettled: true });
  }

  get #decision(): GateDecision {
    const { hopLength } = this.#model.parts.spec.mel;
    const [start, end] = this.#encoder.next;
    return this.#gate?.decide(start * hopLength, end * hopLength) ?? 'run';
  }

  /** One encoder step, and what it adds to the text. */
  async #step(): Promise<void> {
    await this.#encoder.step((encoded) => this.#decode(encoded));
  }

  /** The caches and the decoder go on behind a gap as if it had not been; only what would cross it is dropped. */
  #skip(): void {
    const numFrames = this.#encoder.skip();
    this.#numFrames += numFrames;
    this.#numSkipped += numFrames;
    this.#ctc = { ...this.#ctc, lastClass: CTC_START.lastClass };
    if (this.#transducer) this.#transducer = { ...this.#transducer, overshoot: 0 };
  }

  /** What one step says. A GPU that fails on the way has changed nothing here: the step is run again. */
  async #decode(encoded: Encoded): Promise<void> {
    const { spec, sessions } = this.#model.parts;
    if (this.#model.decoder === 'ctc' && spec.ctc) {
      const session = await sessions.get('ctc');
      const fusion = this.#model.decoding?.fusion ?? [];
      const outputs = await session.run(
        { encoded: encoded.tensor },
        fusion.length > 0 ? ['log_probs'] : ['ids', 'best'],
      );
      const numClasses = spec.ctc.vocabularySize + 1;
      const length = encoded.lengths[0] as number;
      const scores = async (): Promise<Float32Array> =>
        (await hostValues(outputs['log_probs'] as Tensor)).subarray(0, length * numClasses);
      const { ids, best } =
        fusion.length > 0
          ? this.#chooseFused(await scores(), numClasses, fusion)
          : { ids: await hostIds(outputs['ids'] as Tensor), best: await hostValues(outputs['best'] as Tensor) };
      const decoded = decodeCtcGreedy(ids.subarray(0, length), best, spec.ctc.vocabularySize, this.#ctc);
      this.#ctc = decoded.state;
      this.#add(decoded.emissions, decoded.nonBlankFrames, decoded.score);
    } else if (spec.transducer) {
      const runner = new TransducerRunner(sessions, spec.transducer, await projectFrames(sessions, spec, encoded));
      const { config, fusion } = transducerDecodingOf(this.#model.decoding);
      const network = prepared(runner, temperatureOf(config, spec.transducer), undefined);
      const { durations, bigBlankDurations } = spec.transducer;
      const options = {
        blank: blankClass(spec.transducer),
        durations,
        bigBlankDurations,
        maxSymbols: this.#model.maxSymbols,
        fusion: [this.#biasing ? [...fusion, this.#biasing] : fusion],
        restartsAtZero: restartsAtZero(spec.transducer, config?.strategy === 'greedy'),
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
    const skipped = this.#numSkipped;
    const placed = emissions.map((emission) => ({ ...emission, frame: emission.frame + skipped }));
    this.#emissions.push(...placed);
    this.#transcript.append(placed);
    this.#timestep.push(...timestep.map((frame) => frame + skipped));
    this.#score += score;
  }

  #update({ isFinal = false, isSettled = isFinal }: { isFinal?: boolean; isSettled?: boolean } = {}): void {
    const { spec } = this.#model.parts;
    const { text, words } = this.#transcript.read();
    const draft = this.#text.settle(text, isSettled);
    const decoded = this.#numFrames * spec.mel.windowStride * frameFactor(spec.encoder);
    this.#time = Math.max(this.#time, decoded, isSettled && this.#gate ? this.#gate.judged / spec.mel.sampleRate : 0);
    this.#onUpdate({ committed: this.#text.committed, draft, words, time: this.#time, isFinal });
  }
}
