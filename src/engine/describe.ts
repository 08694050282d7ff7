/** What a checkpoint is, told from its configuration and the shapes of its tensors: no weight is read, nothing is run. */
import type { CheckpointFiles } from '../base/files.ts';
import { type CheckpointSpec, isClassifier } from '../model/checkpoint-spec.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import { frameFactor } from '../model/encoder.ts';
import type { MelSpec } from '../model/preprocessor-spec.ts';
import type { ModelSpec } from '../model/spec.ts';
import { isCacheAware, streamableContexts } from '../model/streaming-spec.ts';
import type { TokenizerSpec } from '../model/tokenizer-spec.ts';
import { UNLIMITED_SYMBOLS } from '../model/transducer-spec.ts';
import type { WeightReader } from '../model/weight-reader.ts';
import { tokenizerFile } from './checkpoint-parts.ts';
import { measureWeights, readCheckpoint } from './convert.ts';
import type { Precision } from './options.ts';
import { planPrecision } from './precision.ts';
import { createTokenizer } from './tokenizer.ts';

/** A head of a checkpoint. */
export type DecoderKind = 'classification' | 'ctc' | 'aed' | NonNullable<ModelSpec['transducer']>['kind'];

/** The JSON of `sotto inspect`: part of the command line's contract. */
export type CheckpointDescription = {
  /** NeMo class, e.g. `EncDecCTCModelBPE`. */
  readonly className: string;
  readonly nemoVersion: string;
  readonly parameters: number;
  readonly decoders: readonly DecoderKind[];
  readonly features: {
    readonly kind: 'mel' | 'mfcc';
    /** Hz. */
    readonly sampleRate: number;
    readonly numMels: number;
    /** Seconds. */
    readonly windowSize: number;
    readonly windowStride: number;
    readonly normalize: ModelSpec['mel']['normalize'];
  };
  /** The encoder's spec, without tables. */
  readonly encoder: Readonly<Record<string, unknown>>;
  /** Seconds an encoder frame spans. */
  readonly frameSeconds: number;
  readonly tokenizer: {
    readonly kind: string;
    /** Tokens, without the blank. */
    readonly vocabularySize: number;
    readonly languages: readonly string[];
  };
  /** Names of the classes, for classifiers. */
  readonly labels?: readonly string[];
  readonly decoding: {
    readonly default: DecoderKind;
    readonly maxSymbols: number | null;
    readonly durations: readonly number[];
  };
  readonly streaming: {
    /** Step by step with caches; else phrases are transcribed again as they grow. */
    readonly cacheAware: boolean;
    /** Look-aheads `[left, right]` in encoder frames. */
    readonly attContextSizes: readonly (readonly number[])[];
  };
  /** Bytes of weights while running, by precision. */
  readonly memory: Readonly<Record<Precision, number>>;
};

/** @throws AsrError `checkpoint-corrupt`, `checkpoint-unsupported` */
export async function describeCheckpoint(files: CheckpointFiles): Promise<CheckpointDescription> {
  const { spec, weights } = await readCheckpoint(files);
  return isClassifier(spec) ? describeClassifier(spec, weights) : describeRecognizer(spec, weights, files);
}

async function describeRecognizer(
  spec: ModelSpec,
  weights: WeightReader,
  files: CheckpointFiles,
): Promise<CheckpointDescription> {
  const { mel, encoder, tokenizer, transducer, ctc, aed } = spec;
  const decoders: DecoderKind[] = [
    ...(transducer ? [transducer.kind] : []),
    ...(aed ? (['aed'] as const) : []),
    ...(ctc ? (['ctc'] as const) : []),
  ];
  return {
    className: spec.className,
    nemoVersion: spec.nemoVersion,
    parameters: weights.numParameters(),
    decoders,
    features: featuresOf('mel', mel),
    encoder: summaryOf(encoder),
    frameSeconds: mel.windowStride * frameFactor(encoder),
    tokenizer: {
      kind: tokenizer.kind,
      vocabularySize: transducer?.vocabularySize ?? ctc?.vocabularySize ?? (await numTokens(tokenizer, files)),
      languages: tokenizer.languages?.map(({ lang }) => lang) ?? [],
    },
    decoding: {
      default: decoders[0] ?? 'ctc',
      maxSymbols: transducer && spec.maxSymbols !== UNLIMITED_SYMBOLS ? spec.maxSymbols : null,
      durations: transducer?.durations ?? [],
    },
    streaming: { cacheAware: isCacheAware(spec), attContextSizes: streamableContexts(spec) },
    memory: weightBytes(spec, weights),
  };
}

function describeClassifier(spec: ClassifierSpec, weights: WeightReader): CheckpointDescription {
  const { className, nemoVersion, frontEnd, encoder, classification } = spec;
  const features =
    frontEnd.kind === 'mel'
      ? featuresOf('mel', frontEnd.mel)
      : featuresOf('mfcc', { ...frontEnd.mfcc, normalize: 'none' });
  return {
    className,
    nemoVersion,
    parameters: weights.numParameters(),
    decoders: ['classification'],
    features,
    encoder: summaryOf(encoder),
    frameSeconds: features.windowStride * frameFactor(encoder),
    tokenizer: { kind: 'none', vocabularySize: 0, languages: [] },
    labels: classification.labels,
    decoding: { default: 'classification', maxSymbols: null, durations: [] },
    streaming: { cacheAware: false, attContextSizes: [] },
    memory: weightBytes(spec, weights),
  };
}

function featuresOf(
  kind: 'mel' | 'mfcc',
  {
    sampleRate,
    numMels,
    windowLength,
    windowStride,
    normalize,
  }: Pick<MelSpec, 'sampleRate' | 'numMels' | 'windowLength' | 'windowStride' | 'normalize'>,
): CheckpointDescription['features'] {
  return { kind, sampleRate, numMels, windowSize: windowLength / sampleRate, windowStride, normalize };
}

/** Attention decoders take every token of their tokenizer; their configuration does not say how many. */
async function numTokens(tokenizer: TokenizerSpec, files: CheckpointFiles): Promise<number> {
  const members = new Map([...files].map(([name, file]) => [tokenizerFile(name), file]));
  return (await createTokenizer(tokenizer, members)).vocabularySize;
}

/** Scalars and short lists; blocks of convolutional encoders become their number. */
function summaryOf(encoder: ModelSpec['encoder']): Record<string, unknown> {
  const entries = Object.entries(encoder).map(([key, value]) =>
    key === 'blocks' ? ['numBlocks', (value as unknown[]).length] : [key, value],
  );
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** Of fp32, four bytes a parameter; of the others as much less as their converted parts are, as a GPU holds them: WASM unfolds fp16 to fp32. */
function weightBytes(spec: CheckpointSpec, weights: WeightReader): Record<Precision, number> {
  const target = { encoder: 'webgpu', decoder: 'auto', hasShaderF16: true } as const;
  const partBytes = (precision: Precision): number => measureWeights(spec, weights, planPrecision(precision, target));
  const [fp32, full] = [4 * weights.numParameters(), partBytes('fp32')];
  const bytesAt = (precision: Precision): number => Math.round((fp32 * partBytes(precision)) / full);
  return { fp32, fp16: bytesAt('fp16'), int8: bytesAt('int8'), int4: bytesAt('int4') };
}
