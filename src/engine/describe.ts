/** What a checkpoint is, told from its configuration and the shapes of its tensors: no weight is read, nothing is run. */
import type { CheckpointFiles } from '../base/files.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { isCacheAware, streamableContexts } from '../model/streaming-spec.ts';
import type { WeightReader } from '../model/weight-reader.ts';
import { readCheckpoint } from './convert.ts';
import type { Precision } from './options.ts';

/** A head of a checkpoint. */
export type DecoderKind = 'ctc' | NonNullable<ModelSpec['transducer']>['kind'];

/** The JSON of `sotto inspect`: part of the command line's contract. */
export type CheckpointDescription = {
  /** NeMo class, e.g. `EncDecCTCModelBPE`. */
  readonly className: string;
  readonly nemoVersion: string;
  readonly parameters: number;
  readonly decoders: readonly DecoderKind[];
  readonly features: {
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
  const { mel, encoder, tokenizer, transducer, ctc } = spec;
  const head = transducer?.kind ?? 'ctc';
  return {
    className: spec.className,
    nemoVersion: spec.nemoVersion,
    parameters: weights.numParameters(),
    decoders: [...(transducer ? [transducer.kind] : []), ...(ctc ? (['ctc'] as const) : [])],
    features: {
      sampleRate: mel.sampleRate,
      numMels: mel.numMels,
      windowSize: mel.windowLength / mel.sampleRate,
      windowStride: mel.windowStride,
      normalize: mel.normalize,
    },
    encoder: summaryOf(encoder),
    frameSeconds: mel.windowStride * frameFactor(encoder),
    tokenizer: {
      kind: tokenizer.kind,
      vocabularySize: transducer?.vocabularySize ?? ctc?.vocabularySize ?? tokenizer.vocabulary.length,
      languages: tokenizer.languages?.map(({ lang }) => lang) ?? [],
    },
    decoding: {
      default: spec.defaultDecoder === 'ctc' ? 'ctc' : head,
      maxSymbols: transducer && spec.maxSymbols < Number.MAX_SAFE_INTEGER ? spec.maxSymbols : null,
      durations: transducer?.durations ?? [],
    },
    streaming: { cacheAware: isCacheAware(spec), attContextSizes: streamableContexts(spec) },
    memory: weightBytes(weights),
  };
}

/** Scalars and short lists; blocks of convolutional encoders become their number. */
function summaryOf(encoder: ModelSpec['encoder']): Record<string, unknown> {
  const entries = Object.entries(encoder).map(([key, value]) =>
    key === 'blocks' ? ['numBlocks', (value as unknown[]).length] : [key, value],
  );
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** Matrices below this many elements stay as they are: quantising them saves nothing. */
const MIN_QUANTIZED = 4096;
/** int4 keeps one float32 scale for so many values. */
const BLOCK = 32;

/** fp16 halves everything; int8 (one scale a column) and int4 (one a block) shrink matrices and leave vectors in float32. */
function weightBytes(weights: WeightReader): Record<Precision, number> {
  const bytes = { fp32: 0, fp16: 0, int8: 0, int4: 0 };
  for (const name of weights.names('')) {
    if (name.startsWith('preprocessor.') || name.endsWith('num_batches_tracked')) continue;
    const shape = weights.shape(name);
    const size = shape.reduce((product, length) => product * length, 1);
    const isMatrix = shape.filter((length) => length > 1).length >= 2 && size >= MIN_QUANTIZED;
    bytes.fp32 += 4 * size;
    bytes.fp16 += 2 * size;
    bytes.int8 += isMatrix ? size + 4 * (shape[0] as number) : 4 * size;
    bytes.int4 += isMatrix ? size / 2 + (4 * size) / BLOCK : 4 * size;
  }
  return { fp32: bytes.fp32, fp16: bytes.fp16, int8: Math.ceil(bytes.int8), int4: Math.ceil(bytes.int4) };
}
