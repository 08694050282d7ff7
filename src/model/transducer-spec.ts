/**
 * Which transducer a checkpoint holds: prediction network (LSTM or stateless), joint, and how blanks and durations move through the frames.
 *
 * Classes of the joint: `vocabularySize` labels, the big blanks of a multi-blank model, *the blank* (`blankClass`), then one a TDT duration.
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import { at, dimension, flag, parseConfig, targetClass, vocabularySize } from './config.ts';

export type TransducerSpec = {
  /** A multi-blank model is an RNNT with `bigBlankDurations`. */
  readonly kind: 'rnnt' | 'tdt';
  /** Labels without any blank. */
  readonly vocabularySize: number;
  /** Outputs of the joint beside labels and blank: one a duration (TDT) or a big blank. */
  readonly numExtraOutputs: number;
  /** Frames a TDT prediction may jump; empty for the others. */
  readonly durations: readonly number[];
  /** Frames a big blank skips, in the config's order, which is the reverse of the classes' (NeMo); empty for the others. */
  readonly bigBlankDurations: readonly number[];
  readonly predictor: PredictorSpec;
  readonly joint: {
    readonly hiddenSize: number;
    readonly activation: 'relu' | 'sigmoid' | 'tanh';
    /** Hybrid autoregressive transducer: the blank has a network of its own, and the outputs are log-probabilities. */
    readonly isHat: boolean;
  };
};

/** The state, whatever it holds, is `hidden` [numLayers, rows, hiddenSize] and `cell` [numLayers, rows, cellSize]. */
export type PredictorSpec = LstmPredictor | StatelessPredictor;

export type LstmPredictor = {
  readonly kind: 'lstm';
  /** Width of embedding and output (NeMo's `pred_hidden`). */
  readonly hiddenSize: number;
  /** Width of the cell (`rnn_hidden_size`); where it is larger, a matrix projects the output to `hiddenSize`. */
  readonly cellSize: number;
  readonly numLayers: number;
  /** Whether the embedding has a row for the blank; without one it is zeros. */
  readonly blankAsPad: boolean;
  /** Batch norm stands before every layer but the first, layer norm inside the cell. */
  readonly norm: 'none' | 'batch' | 'layer';
};

export type StatelessPredictor = {
  readonly kind: 'stateless';
  readonly hiddenSize: 1;
  readonly cellSize: 1;
  readonly numLayers: number;
  /** Labels the prediction sees. */
  readonly contextSize: number;
  readonly embeddingSize: number;
  readonly hasNorm: boolean;
};

/**
 * Tokens a frame may emit where a config sets no limit. NeMo then goes on for ever with a network that never says blank; no frame of
 * speech has a hundred.
 */
export const UNLIMITED_SYMBOLS = 1000;

/** Class of the blank that moves one frame: after labels and big blanks. */
export function blankClass({ vocabularySize: labels, bigBlankDurations }: TransducerSpec): number {
  return labels + bigBlankDurations.length;
}

const layers = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16));
const lstmSchema = v.object({
  normalization_mode: v.nullish(v.picklist(['batch', 'layer'])),
  blank_as_pad: flag(true),
  prednet: v.object({ pred_hidden: dimension, pred_rnn_layers: layers, rnn_hidden_size: v.nullish(v.number(), -1) }),
});
const statelessSchema = v.object({
  normalization_mode: v.nullish(v.picklist(['layer'])),
  context_size: v.nullish(layers, 1),
  prednet: v.object({ pred_hidden: dimension }),
});
const jointSchema = v.object({
  decoder: v.object({ vocab_size: v.nullish(vocabularySize, -1) }),
  joint: v.object({
    num_classes: v.nullish(vocabularySize, -1),
    num_extra_outputs: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4096)), 0),
    jointnet: v.object({ joint_hidden: dimension, activation: v.picklist(['relu', 'sigmoid', 'tanh']) }),
  }),
});

/** Reads `decoder`, `joint` and where the durations may be. Throws `checkpoint-unsupported` or `checkpoint-corrupt`, naming the key. */
export function readTransducerSpec(config: unknown): TransducerSpec {
  const { decoder, joint } = parseConfig(jointSchema, config, '');
  const { durations = [], bigBlankDurations = [] } = readJumps(config, joint.num_extra_outputs);
  const jointClass = targetClass(at(config, 'joint'));
  // SampledRNNTJoint samples its vocabulary in training only.
  if (jointClass !== 'RNNTJoint' && jointClass !== 'SampledRNNTJoint' && jointClass !== 'HATJoint')
    throw unsupported('joint._target_', jointClass, 'RNNTJoint, SampledRNNTJoint and HATJoint');
  return {
    kind: durations.length > 0 ? 'tdt' : 'rnnt',
    vocabularySize: joint.num_classes > 0 ? joint.num_classes : decoder.vocab_size,
    numExtraOutputs: joint.num_extra_outputs,
    durations,
    bigBlankDurations,
    predictor: readPredictor(config),
    joint: {
      hiddenSize: joint.jointnet.joint_hidden,
      activation: joint.jointnet.activation,
      isHat: jointClass === 'HATJoint',
    },
  };
}

function readPredictor(config: unknown): PredictorSpec {
  const section = at(config, 'decoder');
  const className = targetClass(section);
  if (className === 'StatelessTransducerDecoder') {
    const {
      context_size: contextSize,
      prednet,
      normalization_mode: norm,
    } = parseConfig(statelessSchema, section, 'decoder');
    return {
      kind: 'stateless',
      hiddenSize: 1,
      cellSize: 1,
      numLayers: Math.max(contextSize - 1, 1),
      contextSize,
      embeddingSize: prednet.pred_hidden,
      hasNorm: norm === 'layer',
    };
  }
  if (className !== 'RNNTDecoder')
    throw unsupported('decoder._target_', className, 'RNNTDecoder and StatelessTransducerDecoder');
  const { normalization_mode: norm, prednet, blank_as_pad: blankAsPad } = parseConfig(lstmSchema, section, 'decoder');
  const { pred_hidden: hiddenSize, rnn_hidden_size: cellSize } = prednet;
  // NeMo builds a narrower cell, and a wider normed one, but then its joint cannot take what they give.
  if (cellSize > 0 && (cellSize < hiddenSize || (norm && cellSize > hiddenSize))) {
    const supported = norm
      ? `${hiddenSize} (pred_hidden) with normalization_mode ${norm}`
      : `at least ${hiddenSize} (pred_hidden)`;
    throw unsupported('decoder.prednet.rnn_hidden_size', cellSize, supported);
  }
  return {
    kind: 'lstm',
    hiddenSize,
    cellSize: cellSize > 0 ? cellSize : hiddenSize,
    numLayers: prednet.pred_rnn_layers,
    blankAsPad,
    norm: norm ?? 'none',
  };
}

type Jumps = { readonly [kind in 'durations' | 'bigBlankDurations']?: readonly number[] };

const TDT_LOSS = ['durations', 'loss.tdt_kwargs.durations'] as const;
const MULTI_BLANK_LOSS = ['bigBlankDurations', 'loss.multiblank_rnnt_kwargs.big_blank_durations'] as const;

/**
 * What the joint's extra outputs stand for. NeMo lets the loss decide, then the decoding; other sections are left over from recipes as often
 * as they are right, so a list counts only when it has as many numbers as there are outputs. There is no default to assume.
 */
function readJumps(config: unknown, numExtraOutputs: number): Jumps {
  if (numExtraOutputs === 0) return {};
  const loss = at(config, 'loss.loss_name');
  const places = [
    ...(loss === 'tdt' ? [TDT_LOSS] : loss === 'multiblank_rnnt' ? [MULTI_BLANK_LOSS] : []),
    ['durations', 'decoding.durations'] as const,
    ['bigBlankDurations', 'decoding.big_blank_durations'] as const,
    ['durations', 'model_defaults.tdt_durations'] as const,
    TDT_LOSS,
    MULTI_BLANK_LOSS,
  ];
  for (const [kind, path] of places) {
    const found = wholeNumbers(at(config, path));
    if (found.length === numExtraOutputs) return { [kind]: found };
  }
  throw new AsrError(
    'checkpoint-corrupt',
    `joint.num_extra_outputs is ${numExtraOutputs}, but as many durations or big blanks are nowhere (${places.map(([, path]) => path).join(', ')}).`,
  );
}

function wholeNumbers(value: unknown): number[] {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0) ? value : [];
}

function unsupported(key: string, found: unknown, supported: string): AsrError {
  return new AsrError(
    'checkpoint-unsupported',
    `The configuration's ${key} is ${found || 'missing'}; supported is ${supported}.`,
  );
}
