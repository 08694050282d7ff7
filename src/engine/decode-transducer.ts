/** The transducer over clips of any number of encoder batches: greedy or a beam, by the decoding config in force. */
import type { AlignmentStep, Hypothesis, TransducerAlignments } from '../base/hypothesis.ts';
import { AsrError } from '../base/errors.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { logSoftmax } from '../decoding/scores.ts';
import { searchTogether } from '../decoding/search-together.ts';
import { type TransducerOptions, type TransducerStep, decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import type { TransducerNetwork } from '../decoding/transducer-network.ts';
import type { ModelSpec } from '../model/spec.ts';
import { type TransducerSpec, blankClass } from '../model/transducer-spec.ts';
import { confidenceOf } from '../text/confidence.ts';
import { groupByFrame, transducerTokenConfidence } from '../text/token-confidence.ts';
import { type Decoded, fromReadings } from './decoded.ts';
import { givesAlignments } from './decoding-config.ts';
import type { ConfidencePlan } from './decoding-sections.ts';
import { type Decoding, transducerDecodingOf } from './decoding.ts';
import type { ModelSessions } from './sessions.ts';
import { continued, toDecoderState, toTransducerState } from './partial-hypothesis.ts';
import { type PredictorState, type ProjectedFrames, TransducerRunner } from './transducer-runner.ts';
import { prepared, restartsAtZero, search, temperatureOf } from './transducer-search.ts';

export type TransducerClip = {
  readonly frames: ProjectedFrames;
  readonly length: number;
  /** What the pieces before this one said. */
  readonly partial?: Hypothesis | undefined;
  /** Boosted phrases of this clip alone. */
  readonly biasing?: WeightedFusion | undefined;
};
export type TransducerDecodeOptions = {
  readonly decoding: Decoding | undefined;
  readonly maxSymbols: number;
  readonly keepAlignments: boolean;
  readonly signal?: AbortSignal;
};

/** Tokens a frame may emit where a beam of size one makes NeMo search greedily. */
const MAX_SYMBOLS_OF_BEAM_ONE = 5;

export async function decodeTransducer(
  sessions: ModelSessions,
  spec: ModelSpec,
  clips: readonly TransducerClip[],
  options: TransducerDecodeOptions,
): Promise<Decoded[]> {
  const { transducer } = spec;
  if (!transducer)
    throw new AsrError('unsupported-option', `${spec.className} has no transducer; use decoderType "ctc".`);
  const { config, fusion } = transducerDecodingOf(options.decoding);
  const runner = new TransducerRunner(
    sessions,
    transducer,
    clips.map((clip) => clip.frames),
  );
  const lengths = clips.map((clip) => clip.length);
  const isGreedy = !config || config.isGreedy;
  const isBeamOfOne =
    !isGreedy && transducer.kind === 'rnnt' && config.beam.beamSize === 1 && !config.strategy.endsWith('_batch');
  const temperature = temperatureOf(config, transducer) * (isBeamOfOne ? config.beam.softmaxTemperature : 1);
  const network = prepared(runner, temperature, options.signal);
  const keepAlignments = options.keepAlignments || (config?.keepAlignments ?? false);
  if (isGreedy) {
    const { maxSymbols } = options;
    return decodeGreedy(network, clips, transducer, {
      maxSymbols,
      confidence: config?.confidence,
      fusion,
      keepAlignments,
      isPlain: config?.strategy === 'greedy',
    });
  }
  refusePartial(config.strategy, clips);
  if (keepAlignments && !givesAlignments(config.strategy, transducer))
    throw new AsrError(
      'unsupported-option',
      `Strategy ${config.strategy} gives no alignments for ${transducer.kind.toUpperCase()} models; greedy and greedy_batch do.`,
    );
  if (isBeamOfOne) {
    const greedy = { maxSymbols: MAX_SYMBOLS_OF_BEAM_ONE, confidence: undefined, fusion: [], keepAlignments };
    const decoded = await decodeGreedy(network, clips, transducer, { ...greedy, isPlain: false });
    const blank = blankClass(transducer);
    const results = decoded.map(({ decState: _, alignments, ...result }) => ({
      ...result,
      ...(alignments && { alignments: endingWithBlank((alignments as TransducerAlignments).flat(), blank) }),
    }));
    return config.returnsAll ? results.map((result) => ({ ...result, beams: [result] })) : results;
  }
  const results = await searchTogether(network, lengths.length, (own, clip) =>
    search(own, clip, lengths[clip] as number, { config, fusion, transducer, keepSteps: keepAlignments }),
  );
  return results.map((readings, clip) =>
    fromReadings(
      readings.map(({ steps, ...reading }) => ({
        ...reading,
        ...(steps && { alignments: endingWithBlank(steps, blankClass(transducer)) }),
      })),
      { length: lengths[clip] as number, returnsAll: config.returnsAll },
    ),
  );
}

/** NeMo's lattices of beams go on to the next frame after each blank, and only then. */
function endingWithBlank(steps: readonly AlignmentStep[], blank: number): TransducerAlignments {
  const groups: AlignmentStep[][] = [];
  steps.forEach(({ logProbs, label }, index) => {
    if (index === 0 || steps[index - 1]?.label === blank) groups.push([]);
    groups.at(-1)?.push({ logProbs, label });
  });
  return groups;
}

type GreedyOptions = Pick<TransducerDecodeOptions, 'maxSymbols' | 'keepAlignments'> & {
  readonly confidence: ConfidencePlan | undefined;
  readonly fusion: readonly WeightedFusion[];
  /** NeMo's strategy `greedy`: it counts steps otherwise, and the next piece starts at its first frame wherever the last jump led. */
  readonly isPlain: boolean;
};

function refusePartial(strategy: string, clips: readonly TransducerClip[]): void {
  if (clips.some(({ partial }) => partial))
    throw new AsrError(
      'unsupported-option',
      `partialHypothesis does not go with strategy ${strategy}; use greedy_batch or greedy.`,
    );
}

async function decodeGreedy(
  network: TransducerNetwork<PredictorState>,
  clips: readonly TransducerClip[],
  spec: TransducerSpec,
  { maxSymbols, keepAlignments, confidence, fusion, isPlain }: GreedyOptions,
): Promise<Decoded[]> {
  const { durations, bigBlankDurations } = spec;
  const fusionOf = ({ biasing }: TransducerClip): readonly WeightedFusion[] =>
    biasing ? [...fusion, biasing] : fusion;
  const options: TransducerOptions = {
    blank: blankClass(spec),
    durations,
    bigBlankDurations,
    maxSymbols,
    fusion: clips.map(fusionOf),
    countsJumps: isPlain && durations.length > 0,
    restartsAtZero: restartsAtZero(spec, isPlain),
    keepSteps: keepAlignments || confidence !== undefined,
  };
  const results = await decodeTransducerGreedy(
    network,
    clips.map(({ length }) => length),
    options,
    clips.map((clip) => clip.partial && toTransducerState(clip.partial, { fusion: fusionOf(clip), spec })),
  );
  return results.map(({ emissions, score, steps, state }, index): Decoded => {
    const { length, partial } = clips[index] as TransducerClip;
    const { open, ...measured } = confidence
      ? confidences(steps, spec, confidence, partial?.decState?.openConfidence)
      : { open: [] };
    const decoded = {
      emissions,
      score,
      length,
      timestep: emissions.map((emission) => emission.frame),
      decState: toDecoderState(state, { openConfidence: open, carriesJumps: !isPlain }),
      ...(keepAlignments ? { alignments: alignmentsOf(steps) } : {}),
      ...measured,
    };
    return continued(partial, decoded);
  });
}

function alignmentsOf(steps: readonly TransducerStep[]): TransducerAlignments {
  return groupByFrame(
    steps,
    steps.map(({ logits, token }) => ({ logProbs: logSoftmax(logits), label: token })),
  );
}

/** Confidence of steps and, when asked, tokens. NeMo scales that of durations by the vocabulary too. */
function confidences(
  steps: readonly TransducerStep[],
  spec: TransducerSpec,
  plan: ConfidencePlan,
  before: readonly number[] | undefined,
): Partial<Decoded> & { readonly open: readonly number[] } {
  const blank = blankClass(spec);
  const numClasses = blank + 1;
  const isTdt = spec.durations.length > 0;
  const values = steps.map(({ logits }) => {
    const tokens = confidenceOf(logSoftmax(logits, 0, numClasses), numClasses, plan.method);
    return isTdt && plan.includeDuration
      ? [tokens, confidenceOf(logSoftmax(logits, numClasses), numClasses, plan.method)]
      : tokens;
  });
  const marked = steps.map(({ frame, token }, index) => ({
    frame,
    isBlank: token >= spec.vocabularySize,
    confidence: values[index] as number,
  }));
  const frameConfidence = groupByFrame(steps, values);
  if (!plan.token) return { frameConfidence, open: [] };
  const { confidence: tokenConfidence, open } = transducerTokenConfidence(marked, isTdt, plan, before);
  return { frameConfidence, tokenConfidence, open };
}
