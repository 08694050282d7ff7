/**
 * A long recording in overlapping pieces, as NeMo's `asr_chunked_inference` and `asr_streaming_inference` scripts decode it.
 *
 * `middle` and `lcs` slide a feature buffer and merge what its middle says (`FrameBatchASR`, `BatchedFrameASRRNNT`, `BatchedFrameASRTDT`);
 * `context` encodes every chunk between its neighbours and carries the decoder's state or its beam on, so nothing has to be merged. Memory is one
 * piece.
 */
import { throwIfAborted } from '../base/abort.ts';
import type { Emission } from '../base/emission.ts';
import { contextWindows } from '../audio/context-windows.ts';
import { featureBuffers } from '../audio/feature-buffers.ts';
import { appendByLcs, appendMiddle, appendTdtMiddle } from '../decoding/buffer-merge.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { CTC_START, type CtcState, decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import type { TransducerState } from '../decoding/transducer-greedy.ts';
import { frameFactor } from '../model/encoder.ts';
import { type BeamPiece, beamPiece, ctcPieces, framesOfBuffer, transducerPiece } from './buffered-heads.ts';
import type { BufferedPlan } from './buffered-options.ts';
import type { Decoded, DecodedBeam } from './decoded.ts';
import { transducerDecodingOf } from './decoding.ts';
import type { RunningModel } from './running-model.ts';
import type { PredictorState } from './transducer-runner.ts';

export type BufferedJob = {
  readonly plan: BufferedPlan;
  readonly language?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Boosted phrases of this recording, method `context`. */
  readonly biasing?: WeightedFusion | undefined;
  /** Told after every piece: how many samples are decoded, and what they say. */
  readonly onPiece?: (decoded: () => Decoded, numSamples: number) => void;
};

/** Decodes a recording; `numSamples` is its length. */
export async function decodeBuffered(
  model: RunningModel,
  blocks: AsyncIterable<Float32Array>,
  job: BufferedJob,
): Promise<{ readonly decoded: Decoded; readonly numSamples: number }> {
  const counted = countSamples(blocks);
  const decoded =
    job.plan.method === 'context' ? await byContext(model, counted, job) : await byBuffers(model, counted, job);
  return { decoded, numSamples: counted.numSamples };
}

/** NeMo's scripts speech_to_text_buffered_infer_ctc.py and …_rnnt.py. */
async function byBuffers(model: RunningModel, blocks: CountedBlocks, job: BufferedJob): Promise<Decoded> {
  const { spec, melConfig } = model.parts;
  const { method, chunkSeconds, bufferSeconds } = job.plan;
  const { sampleRate, windowStride } = spec.mel;
  const factor = frameFactor(spec.encoder);
  const stride = windowStride * factor;
  const tokensPerChunk = Math.ceil(chunkSeconds / stride);
  const delay = Math.ceil((chunkSeconds + (bufferSeconds - chunkSeconds) / 2) / stride);
  const lcsDelay = Math.floor((bufferSeconds - chunkSeconds) / stride);
  const chunkFrames = Math.trunc(chunkSeconds / windowStride);
  const isCtc = model.decoder === 'ctc';
  const buffers = featureBuffers(blocks, {
    mel: melConfig,
    chunkFrames,
    bufferFrames: Math.trunc(bufferSeconds / windowStride),
    padSamples: Math.trunc(delay * stride * sampleRate),
    guard: isCtc ? 1e-5 : 1e-8,
  });
  const append = spec.transducer?.kind === 'tdt' ? appendTdtMiddle : appendMiddle;

  let merged: Emission[] = [];
  let ctc = ctcStart();
  let index = 0;
  for await (const features of buffers) {
    throwIfAborted(job.signal);
    index += 1;
    const end = Math.round((index * chunkFrames) / factor);
    if (isCtc) {
      const { ids, best } = await ctcPieces(model, features, job.language);
      const from = ids.length - (ids.length === delay ? 0 : 1) - delay;
      const to = from + tokensPerChunk;
      if (index === 1) ctc = { ...ctc, state: { ...CTC_START, frame: end - ids.length + from } };
      ctc = continueCtc(ctc, ids.slice(from, to), best.slice(from, to), spec.ctc?.vocabularySize ?? 0);
    } else {
      const frames = await framesOfBuffer(model, features, { endFrame: end, ...job });
      merged =
        method === 'lcs'
          ? appendByLcs(merged, frames, { delay, lcsDelay, isFirst: index === 1 })
          : append(merged, frames, { delay, tokensPerChunk });
    }
    job.onPiece?.(
      () => (isCtc ? ctc.decoded : fromEmissions(merged)),
      Math.min(blocks.numSamples, index * chunkFrames * spec.mel.hopLength),
    );
  }
  return settled(isCtc ? ctc.decoded : fromEmissions(merged), encodedFrames(model, blocks.numSamples));
}

/** NeMo's script speech_to_text_streaming_infer_rnnt.py; CTC likewise. */
async function byContext(model: RunningModel, blocks: CountedBlocks, job: BufferedJob): Promise<Decoded> {
  const { spec, mel } = model.parts;
  const { chunkSeconds, leftSeconds, rightSeconds } = job.plan;
  const factor = frameFactor(spec.encoder);
  const frameSamples = spec.mel.hopLength * factor;
  const whole = (seconds: number): number =>
    Math.trunc((seconds * (1 / spec.mel.windowStride)) / factor) * frameSamples;
  const sizes = { left: whole(leftSeconds), chunk: whole(chunkSeconds), right: whole(rightSeconds) };

  let ctc = ctcStart();
  let state: TransducerState<PredictorState> | undefined;
  let beam: BeamPiece | undefined;
  let decoded = fromEmissions([]);
  const { config } = transducerDecodingOf(model.decoding);
  for await (const window of contextWindows(blocks, sizes)) {
    throwIfAborted(job.signal);
    const features = mel.extract(window.samples);
    const left = Math.floor(window.left / frameSamples);
    const count = window.isLast ? Number.POSITIVE_INFINITY : sizes.chunk / frameSamples;
    if (features.numFrames === 0) break;
    if (model.decoder === 'ctc') {
      const { ids, best } = await ctcPieces(model, features, job.language);
      ctc = continueCtc(
        ctc,
        ids.slice(left, left + count),
        best.slice(left, left + count),
        spec.ctc?.vocabularySize ?? 0,
      );
      decoded = ctc.decoded;
    } else if (config && !config.isGreedy) {
      beam = await beamPiece(model, features, { ...job, left, count, state: beam?.state });
    } else {
      const piece = await transducerPiece(model, features, { ...job, left, count, state });
      state = piece.state;
      decoded = joined(decoded, fromEmissions(piece.emissions, piece.score));
    }
    const soFar = decoded;
    job.onPiece?.(beam?.decoded ?? (() => soFar), window.end);
  }
  return settled(beam?.decoded() ?? decoded, encodedFrames(model, blocks.numSamples));
}

type CtcSoFar = { readonly state: CtcState; readonly decoded: Decoded };

function ctcStart(): CtcSoFar {
  return { state: CTC_START, decoded: fromEmissions([]) };
}

function continueCtc({ state, decoded }: CtcSoFar, ids: Int32Array, best: Float32Array, blank: number): CtcSoFar {
  const piece = decodeCtcGreedy(ids, best, blank, state);
  const { emissions, score, nonBlankFrames } = piece;
  return {
    state: piece.state,
    decoded: joined(decoded, { emissions, score, length: 0, timestep: nonBlankFrames }),
  };
}

function fromEmissions(emissions: readonly Emission[], score?: number): Decoded {
  return {
    emissions,
    score: score ?? emissions.reduce((sum, { logProb }) => sum + logProb, 0),
    length: 0,
    timestep: emissions.map(({ frame }) => frame),
  };
}

function joined(first: Decoded, second: Decoded): Decoded {
  return {
    emissions: [...first.emissions, ...second.emissions],
    score: first.score + second.score,
    length: 0,
    timestep: [...first.timestep, ...second.timestep],
  };
}

/** Frames put inside the recording and in order: the first buffers begin before it, and merged ones overlap. */
function settled({ beams, ...decoded }: Decoded, length: number): Decoded {
  const inside = (frames: readonly number[]): number[] => {
    let last = 0;
    return frames.map((frame) => (last = Math.max(last, Math.min(frame, Math.max(0, length - 1)))));
  };
  const settle = <Reading extends Pick<DecodedBeam, 'emissions' | 'timestep'>>(reading: Reading): Reading => {
    const frames = inside(reading.emissions.map(({ frame }) => frame));
    return {
      ...reading,
      emissions: reading.emissions.map((emission, index) => ({ ...emission, frame: frames[index] as number })),
      ...(reading.timestep && { timestep: inside(reading.timestep) }),
    };
  };
  return { ...settle(decoded), length, ...(beams && { beams: beams.map(settle) }) };
}

function encodedFrames({ parts: { spec } }: RunningModel, numSamples: number): number {
  return Math.ceil(Math.floor(numSamples / spec.mel.hopLength) / frameFactor(spec.encoder));
}

type CountedBlocks = AsyncIterable<Float32Array> & { readonly numSamples: number };

function countSamples(blocks: AsyncIterable<Float32Array>): CountedBlocks {
  const counted = {
    numSamples: 0,
    async *[Symbol.asyncIterator](): AsyncGenerator<Float32Array> {
      for await (const block of blocks) {
        counted.numSamples += block.length;
        yield block;
      }
    },
  };
  return counted;
}
