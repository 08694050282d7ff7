/** What a loaded checkpoint says of itself. */
import type { CheckpointParts } from './checkpoint-parts.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { streamableContexts } from '../model/streaming-spec.ts';
import { promptLanguages } from '../tokenizer/canary-prompt.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { frontEndOf } from './loaded-classifier.ts';
import type { ModelInfo } from './options.ts';

/** Of a recognizer. */
export function modelInfo(
  spec: ModelSpec,
  { name, meta: { numParameters } }: CheckpointParts,
  tokenizer: Tokenizer,
): ModelInfo {
  const transducer = spec.transducer?.kind;
  const ctc = spec.ctc ? (['ctc'] as const) : [];
  return {
    name,
    className: spec.className,
    decoders: transducer ? [transducer, ...ctc] : spec.aed ? ['aed'] : [...ctc],
    sampleRate: spec.mel.sampleRate,
    numParameters,
    vocabularySize: spec.transducer?.vocabularySize ?? spec.ctc?.vocabularySize ?? tokenizer.vocabularySize,
    frameSeconds: spec.mel.windowStride * frameFactor(spec.encoder),
    attContextSizes: streamableContexts(spec).map((context) => [context[0] as number, context[1] as number] as const),
    languages: spec.aed ? promptLanguages(tokenizer) : (spec.tokenizer.languages?.map(({ lang }) => lang) ?? []),
  };
}

/** Of a classifier. */
export function classifierInfo(spec: ClassifierSpec, { name, meta }: CheckpointParts): ModelInfo {
  const { sampleRate, windowStride } = frontEndOf(spec);
  const { numClasses, labels } = spec.classification;
  return {
    name,
    className: spec.className,
    decoders: [],
    sampleRate,
    numParameters: meta.numParameters,
    vocabularySize: numClasses,
    frameSeconds: windowStride * frameFactor(spec.encoder),
    attContextSizes: [],
    languages: [],
    labels: Array.from({ length: numClasses }, (_, index) => labels[index] ?? String(index)),
  };
}
