/** The beam a decoding config names over a transducer's network: a clip in one piece, or a recording piece by piece. */
import { throwIfAborted } from '../base/abort.ts';
import { BeamNetwork } from '../decoding/beam-network.ts';
import type { BeamReading } from '../decoding/beam-path.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { decodeTdtBeam } from '../decoding/tdt-beam.ts';
import { decodeTdtMaes } from '../decoding/tdt-maes.ts';
import { decodeTransducerAlsd } from '../decoding/transducer-alsd.ts';
import { decodeTransducerBeam } from '../decoding/transducer-beam.ts';
import type { TransducerNetwork } from '../decoding/transducer-network.ts';
import { decodeTransducerMaesBatch } from '../decoding/transducer-maes-batch.ts';
import { decodeTransducerMaes } from '../decoding/transducer-maes.ts';
import { type MalsdState, continueMalsd, decodeTransducerMalsd } from '../decoding/transducer-malsd.ts';
import { decodeTransducerTsd } from '../decoding/transducer-tsd.ts';
import { type TransducerSpec, blankClass } from '../model/transducer-spec.ts';
import type { TransducerDecodingConfig } from './decoding-config.ts';

export type SearchOptions = {
  readonly config: TransducerDecodingConfig;
  readonly fusion: readonly WeightedFusion[];
  readonly transducer: TransducerSpec;
  readonly keepSteps: boolean;
};

/** The search a strategy names. */
export function search<State>(
  transducerNetwork: TransducerNetwork<State>,
  clip: number,
  numFrames: number,
  { config, fusion, transducer, keepSteps }: SearchOptions,
): Promise<BeamReading[]> {
  const { beam, strategy } = config;
  const isTdt = transducer.durations.length > 0;
  const options = beamOptions(config, transducer, keepSteps);
  const network = new BeamNetwork(transducerNetwork, clip, options);
  const maes = {
    ...options,
    numSteps: beam.maesNumSteps,
    prefixAlpha: beam.maesPrefixAlpha,
    expansionGamma: beam.maesExpansionGamma,
    expansionBeta: beam.maesExpansionBeta,
    internalWeight: beam.internalLmWeight,
  };
  if (strategy === 'tsd')
    return decodeTransducerTsd(network, numFrames, { ...options, maxExpansions: beam.tsdMaxExpansions });
  if (strategy === 'alsd')
    return decodeTransducerAlsd(network, numFrames, { ...options, maxTargetLength: beam.alsdMaxTargetLength });
  if (strategy === 'maes_batch') return decodeTransducerMaesBatch(network, numFrames, { ...maes, fusion });
  if (strategy === 'malsd_batch') return decodeTransducerMalsd(network, numFrames, { ...options, fusion });
  if (strategy === 'maes')
    return (isTdt ? decodeTdtMaes : decodeTransducerMaes)(network, numFrames, { ...maes, fusion: fusion[0] });
  return (isTdt ? decodeTdtBeam : decodeTransducerBeam)(network, numFrames, options);
}

/** The next frames of a recording under strategy `malsd_batch`; `network` has them as its only clip. */
export function continueSearch<State>(
  network: TransducerNetwork<State>,
  numFrames: number,
  { config, fusion, transducer }: Omit<SearchOptions, 'keepSteps'>,
  before: MalsdState<State> | undefined,
): Promise<MalsdState<State>> {
  const options = { ...beamOptions(config, transducer, false), fusion };
  return continueMalsd(new BeamNetwork(network, 0, options), numFrames, options, before);
}

function beamOptions({ beam, strategy }: TransducerDecodingConfig, transducer: TransducerSpec, keepSteps: boolean) {
  // NeMo's batched searches know no softmax temperature, nor does a HAT joint that is asked for its internal language model.
  const knowsNone = strategy.endsWith('_batch') || beam.internalLmWeight !== undefined;
  const softmaxTemperature = knowsNone ? 1 : beam.softmaxTemperature;
  const { durations } = transducer;
  return { ...beam, blank: blankClass(transducer), durations, softmaxTemperature, keepSteps };
}

/** What divides logits; NeMo's HAT joint gives probabilities, and leaves it out. */
export function temperatureOf(config: TransducerDecodingConfig | undefined, { joint }: TransducerSpec): number {
  return joint.isHat ? 1 : (config?.temperature ?? 1);
}

/** Whether a silent first frame starts the network again (`TransducerOptions`). @param isPlain strategy `greedy` */
export function restartsAtZero({ predictor }: TransducerSpec, isPlain: boolean): boolean {
  return !isPlain && predictor.kind === 'lstm' && !predictor.blankAsPad;
}

/** The network at another temperature, and one that a signal ends between two calls. */
export function prepared<State>(
  network: TransducerNetwork<State>,
  temperature: number,
  signal: AbortSignal | undefined,
): TransducerNetwork<State> {
  return {
    start: (rows, token) => network.start(rows, token),
    predict: (tokens, states) => network.predict(tokens, states),
    join: async (rows) => {
      throwIfAborted(signal);
      const logits = await network.join(rows);
      if (temperature !== 1)
        for (let index = 0; index < logits.length; index++) logits[index] = (logits[index] as number) / temperature;
      return logits;
    },
  };
}
