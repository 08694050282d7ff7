/**
 * Times one transcription stage by stage, for the bench: the same parts in the same order as `transcribe`, the recording in one piece.
 *
 * Predictor and joint are timed at their sessions while the head decodes; what is left of it (choosing, keeping states) is `search`.
 */
import type { Session } from '../runtime/session.ts';
import { createAedRequest } from './aed-request.ts';
import type { LoadedModel } from './asr-model.ts';
import { concatenate, openAudio } from './audio-source.ts';
import type { GraphName } from './checkpoint-parts.ts';
import { type Decoded, type DecodeOptions, decodeClips, prepareClips } from './decode-clips.ts';

/** Milliseconds of every stage. */
export type StageTimes = {
  decode: number;
  mel: number;
  encoder: number;
  /** CTC head, the joint's projection of the frames, or what an attention decoder prepares of them. */
  head: number;
  /** Prediction network, or the steps of an attention decoder. */
  predictor: number;
  joint: number;
  search: number;
  text: number;
};

/** What a run gave beside its times. */
export type TimedRun = {
  readonly times: StageTimes;
  /** Of audio. */
  readonly seconds: number;
  readonly text: string;
  readonly numTokens: number;
};

/** Transcribes one recording whole. */
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
  const options = headOptions(model);
  const prepared = await timed('head', () => prepareClips(sessions, spec, encoded, options));
  encoded.tensor.dispose();

  const restore = await timeSessions(model, times);
  const [decoded] = await timed('search', () => decodeClips(sessions, spec, prepared, options)).finally(restore);
  times.search -= times.predictor + times.joint;
  const window = { decoded: decoded as Decoded, startFrame: 0 };
  const hypothesis = await timed('text', () =>
    writer.write([window], { timestamps: true, decoder: model.decoderKind }),
  );
  const seconds = samples.length / spec.mel.sampleRate;
  return { times, seconds, text: hypothesis.text, numTokens: hypothesis.ySequence.length };
}

function headOptions({ decoder, decoding, maxSymbols, parts }: LoadedModel): DecodeOptions {
  const { aed } = parts.spec;
  return {
    decoder,
    decoding,
    maxSymbols,
    keepAlignments: false,
    ...(aed ? { aed: createAedRequest(aed, parts.tokenizer, {}) } : {}),
  };
}

/** Adds up what the sessions of the decoding loop take, until the function it returns is called. */
async function timeSessions({ decoder, parts }: LoadedModel, times: StageTimes): Promise<() => void> {
  const stages: Readonly<Record<typeof decoder, readonly (readonly [GraphName, 'predictor' | 'joint'])[]>> = {
    ctc: [],
    transducer: [
      ['predictor', 'predictor'],
      ['joint', 'joint'],
    ],
    aed: [['decoder_step', 'predictor']],
  };
  const sessions: Session[] = [];
  for (const [graph, stage] of stages[decoder]) {
    const session = await parts.sessions.get(graph);
    const run = session.run.bind(session);
    session.run = async (...args) => {
      const startedAt = performance.now();
      const outputs = await run(...args);
      times[stage] += performance.now() - startedAt;
      return outputs;
    };
    sessions.push(session);
  }
  // The method of the class shows again once the instance's own is gone.
  return () => sessions.forEach((session) => Reflect.deleteProperty(session, 'run'));
}
