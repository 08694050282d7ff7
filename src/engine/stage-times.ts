/**
 * Times one transcription stage by stage, for the bench: the same parts in the same order as `transcribe`, one window at a time.
 *
 * Predictor and joint are timed around their sessions, so what is left of the decoding loop (choosing, keeping states) is `search`.
 */
import { decodeTransducerGreedy, type JoinRow, type TransducerNetwork } from '../decoding/transducer-greedy.ts';
import type { LoadedModel } from './asr-model.ts';
import { concatenate, openAudio } from './audio-source.ts';
import { type Decoded, decodeClips, prepareClips } from './decode-clips.ts';
import type { DecodedWindow } from './hypothesis.ts';
import { type PredictorState, type ProjectedFrames, TransducerRunner } from './transducer-runner.ts';

/** Milliseconds of every stage; `head` is the CTC head or the joint's encoder projection. */
export type StageTimes = {
  decode: number;
  mel: number;
  encoder: number;
  head: number;
  predictor: number;
  joint: number;
  search: number;
  text: number;
};

/** What a run gave beside its times. */
export type TimedRun = {
  readonly times: StageTimes;
  readonly seconds: number;
  readonly text: string;
  readonly numTokens: number;
};

/** Transcribes one recording whole; NeMo's result for audio of up to a window. */
export async function timeStages(model: LoadedModel, audio: Blob): Promise<TimedRun> {
  const { mel, encoder, sessions, spec, writer } = model.parts;
  const times: StageTimes = { decode: 0, mel: 0, encoder: 0, head: 0, predictor: 0, joint: 0, search: 0, text: 0 };
  const timed = async <T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await work();
    times[stage] += performance.now() - startedAt;
    return result;
  };

  const samples = await timed('decode', async () => {
    const blocks: Float32Array[] = [];
    for await (const block of openAudio(audio, { sampleRate: spec.mel.sampleRate })) blocks.push(block);
    return concatenate(blocks);
  });
  const features = await timed('mel', () => mel.extract(samples));
  const encoded = await timed('encoder', () => encoder.encode([features], model.context));
  const options = { decoder: model.decoder, maxSymbols: model.maxSymbols, keepAlignments: false };
  const [prepared] = await timed('head', () => prepareClips(sessions, spec, encoded, options));
  encoded.tensor.dispose();
  if (!prepared) throw new Error('one clip gives one result');
  const decoded =
    'frames' in prepared
      ? await timeTransducer(model, prepared, times)
      : ((await decodeClips(sessions, spec, [prepared], options))[0] as Decoded);
  const window: DecodedWindow = { decoded, startFrame: 0 };
  const hypothesis = await timed('text', () =>
    writer.write([window], { timestamps: true, decoder: model.decoderKind }),
  );
  return {
    times,
    seconds: samples.length / spec.mel.sampleRate,
    text: hypothesis.text,
    numTokens: hypothesis.ySequence.length,
  };
}

async function timeTransducer(
  model: LoadedModel,
  { frames, length }: { frames: ProjectedFrames; length: number },
  times: StageTimes,
): Promise<Decoded> {
  const { sessions, spec } = model.parts;
  if (!spec.transducer) throw new Error('frames without a transducer');
  const network = new TimedNetwork(new TransducerRunner(sessions, spec.transducer, [frames]), times);
  const startedAt = performance.now();
  const before = times.predictor + times.joint;
  const [result] = await decodeTransducerGreedy(network, [length], {
    blank: spec.transducer.vocabularySize,
    durations: spec.transducer.durations,
    maxSymbols: model.maxSymbols,
  });
  times.search += performance.now() - startedAt - (times.predictor + times.joint - before);
  if (!result) throw new Error('one clip gives one result');
  const { emissions, score } = result;
  return { emissions, score, length, timestep: emissions.map((emission) => emission.frame) };
}

class TimedNetwork implements TransducerNetwork<PredictorState> {
  readonly #network: TransducerRunner;
  readonly #times: StageTimes;

  constructor(network: TransducerRunner, times: StageTimes) {
    this.#network = network;
    this.#times = times;
  }

  start(rows: number): Promise<PredictorState[]> {
    return this.#timed('predictor', this.#network.start(rows));
  }

  predict(tokens: readonly number[], states: readonly PredictorState[]): Promise<PredictorState[]> {
    return this.#timed('predictor', this.#network.predict(tokens, states));
  }

  join(rows: readonly JoinRow<PredictorState>[]): Promise<Float32Array> {
    return this.#timed('joint', this.#network.join(rows));
  }

  async #timed<T>(stage: 'predictor' | 'joint', work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work;
    this.#times[stage] += performance.now() - startedAt;
    return result;
  }
}
