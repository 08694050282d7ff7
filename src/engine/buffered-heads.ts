/** One piece of a long recording through encoder and head. Each call can be repeated, so a lost GPU costs one piece, not the recording. */
import type { MelFeatures } from '../audio/mel.ts';
import type { Emission } from '../base/emission.ts';
import { assert } from '../base/errors.ts';
import type { BufferFrames } from '../decoding/buffer-merge.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { type MalsdState, malsdReadings } from '../decoding/transducer-malsd.ts';
import { type TransducerDecoded, type TransducerState, decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import type { TransducerNetwork } from '../decoding/transducer-network.ts';
import { type TransducerSpec, blankClass } from '../model/transducer-spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { type Decoded, fromReadings } from './decoded.ts';
import { projectFrames } from './decode-clips.ts';
import { hostIds } from './decode-ctc.ts';
import type { TransducerDecodingConfig } from './decoding-config.ts';
import { transducerDecodingOf } from './decoding.ts';
import type { Encoded } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { RunningModel } from './running-model.ts';
import { type PredictorState, TransducerRunner } from './transducer-runner.ts';
import { continueSearch, prepared, restartsAtZero, temperatureOf } from './transducer-search.ts';

type PieceOptions = {
  readonly language?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Boosted phrases of this recording. */
  readonly biasing?: WeightedFusion | undefined;
};

/** Best class of every encoder frame, and its log-probability. */
export function ctcPieces(
  model: RunningModel,
  features: MelFeatures,
  language: string | undefined,
): Promise<{ readonly ids: Int32Array; readonly best: Float32Array }> {
  return encoded(model, features, language, async ({ tensor, lengths }) => {
    const session = await model.parts.sessions.get('ctc');
    const outputs = await session.run({ encoded: tensor }, ['ids', 'best']);
    const ids = await hostIds(outputs['ids'] as Tensor);
    const best = await hostValues(outputs['best'] as Tensor);
    const [length = 0] = lengths;
    return { ids: ids.subarray(0, length), best: best.slice(0, length) };
  });
}

/**
 * Tokens of every frame of a buffer that ends at encoder frame `endFrame` of the recording. As in NeMo's lattices there are more frames than
 * the buffer has where the last step of a TDT model jumps past its end.
 */
export async function framesOfBuffer(
  model: RunningModel,
  features: MelFeatures,
  { endFrame, ...options }: PieceOptions & { readonly endFrame: number },
): Promise<BufferFrames<Emission>> {
  const { emissions, steps, numFrames } = await decode(model, features, { ...options, left: 0, count: Infinity });
  const last = steps.at(-1);
  const frames = Array.from({ length: last ? last.frame + Math.max(last.duration, 1) : 0 }, (): Emission[] => []);
  for (const emission of emissions)
    frames[emission.frame]?.push({ ...emission, frame: emission.frame + endFrame - numFrames });
  return frames;
}

/** Decodes `count` frames behind the first `left` ones, going on from `state`. */
export function transducerPiece(
  model: RunningModel,
  features: MelFeatures,
  options: CutOptions & { readonly state: TransducerState<PredictorState> | undefined },
): Promise<TransducerDecoded<PredictorState>> {
  return decode(model, features, { ...options, keepSteps: false });
}

/** What a beam has read so far, which later pieces may change, and the paths to go on with. */
export type BeamPiece = { readonly decoded: () => Decoded; readonly state: MalsdState<PredictorState> };

/** The same for strategy `malsd_batch`. */
export function beamPiece(
  model: RunningModel,
  features: MelFeatures,
  { state, ...options }: CutOptions & { readonly state: MalsdState<PredictorState> | undefined },
): Promise<BeamPiece> {
  return cut(model, features, options, async ({ network, numFrames, config, fusion, transducer }) => {
    assert(config, 'a beam has a decoding config');
    const { beam, returnsAll } = config;
    const next = await continueSearch(network, numFrames, { config, fusion, transducer }, state);
    return { state: next, decoded: () => fromReadings(malsdReadings(next, beam), { length: 0, returnsAll }) };
  });
}

type CutOptions = PieceOptions & { readonly left: number; readonly count: number };

type DecodeOptions = CutOptions & {
  readonly state?: TransducerState<PredictorState> | undefined;
  readonly keepSteps?: boolean;
};

function decode(
  model: RunningModel,
  features: MelFeatures,
  { state, keepSteps = true, ...options }: DecodeOptions,
): Promise<TransducerDecoded<PredictorState> & { readonly numFrames: number }> {
  return cut(model, features, options, async ({ network, numFrames, config, fusion, transducer }) => {
    const [decoded] = await decodeTransducerGreedy(
      network,
      [numFrames],
      {
        blank: blankClass(transducer),
        durations: transducer.durations,
        bigBlankDurations: transducer.bigBlankDurations,
        maxSymbols: model.maxSymbols,
        fusion: [fusion],
        restartsAtZero: restartsAtZero(transducer, config?.strategy === 'greedy'),
        keepSteps,
      },
      state && [state],
    );
    return { ...(decoded as TransducerDecoded<PredictorState>), numFrames };
  });
}

type Cut = {
  /** With the frames of the cut as its only clip. */
  readonly network: TransducerNetwork<PredictorState>;
  readonly numFrames: number;
  readonly transducer: TransducerSpec;
  readonly config: TransducerDecodingConfig | undefined;
  readonly fusion: readonly WeightedFusion[];
};

/** Encodes a piece and hands what is to be decoded of it to `work`. */
function cut<T>(
  model: RunningModel,
  features: MelFeatures,
  { left, count, language, signal, biasing }: CutOptions,
  work: (cut: Cut) => Promise<T>,
): Promise<T> {
  const { sessions, spec } = model.parts;
  const transducer = spec.transducer as NonNullable<typeof spec.transducer>;
  const { config, fusion } = transducerDecodingOf(model.decoding);
  return encoded(model, features, language, async (clip) => {
    const [frames = new Float32Array(0)] = await projectFrames(sessions, spec, clip);
    const size = transducer.joint.hiddenSize;
    const numFrames = Math.max(0, Math.min(count, (clip.lengths[0] as number) - left));
    const part = frames.subarray(left * size, (left + numFrames) * size);
    const runner = new TransducerRunner(sessions, transducer, [part]);
    return work({
      network: prepared(runner, temperatureOf(config, transducer), signal),
      numFrames,
      transducer,
      config,
      fusion: biasing ? [...fusion, biasing] : fusion,
    });
  });
}

function encoded<T>(
  { parts, context }: RunningModel,
  features: MelFeatures,
  language: string | undefined,
  work: (encoded: Encoded) => Promise<T>,
): Promise<T> {
  return parts.sessions.withFallback(async () => {
    const clip = await parts.encoder.encode([features], context, language);
    try {
      return await work(clip);
    } finally {
      clip.tensor.dispose();
    }
  });
}
