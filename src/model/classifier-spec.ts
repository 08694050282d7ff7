/**
 * What a classification checkpoint is (MarbleNet, MatchboxNet, frame VAD): front end, encoder, head; no tokenizer.
 *
 * NeMo 3.0 ignores `crop_or_pad_augment` when it classifies clips, and so do we. Clips are pooled over NeMo's padding column too.
 */
import { AsrError } from '../base/errors.ts';
import { type ClassificationSpec, readClassificationSpec } from './classification-head.ts';
import { type ConfigTree, at, targetClass } from './config.ts';
import type { EncoderSpec } from './encoder.ts';
import { CLASSIFIER_CLASSES, modelClass } from './model-class.ts';
import { type MfccSpec, readMfccSpec } from './mfcc-spec.ts';
import { type MelSpec, readMelSpec } from './preprocessor-spec.ts';
import { readEncoderSpec } from './spec.ts';

export type FrontEndSpec =
  | { readonly kind: 'mel'; readonly mel: MelSpec }
  | { readonly kind: 'mfcc'; readonly mfcc: MfccSpec };

export type ClassifierSpec = {
  readonly className: string;
  readonly nemoVersion: string;
  readonly frontEnd: FrontEndSpec;
  readonly encoder: EncoderSpec;
  readonly classification: ClassificationSpec;
};

/** Reads a resolved config. Throws `checkpoint-unsupported` that names the key, its value and what is supported. */
export function readClassifierSpec(config: unknown): ClassifierSpec {
  const className = modelClass(config);
  if (!CLASSIFIER_CLASSES.includes(className)) {
    throw new AsrError(
      'checkpoint-unsupported',
      `The checkpoint's class (target) is ${className || 'missing'}; supported are ${CLASSIFIER_CLASSES.join(', ')}.`,
    );
  }
  const encoder = readEncoderSpec((at(config, 'encoder') ?? {}) as ConfigTree);
  const classification = readClassificationSpec(config);
  return {
    className,
    nemoVersion: String(at(config, 'nemo_version') ?? 'unknown'),
    frontEnd: readFrontEnd(at(config, 'preprocessor')),
    encoder: encoder.kind === 'conv' && classification.kind === 'clip' ? { ...encoder, paddingMatters: true } : encoder,
    classification,
  };
}

/** Columns NeMo's feature tensor has beyond the valid frames of `numSamples`; to be fed where `seesPadding`. */
export function paddingColumns(frontEnd: FrontEndSpec, numSamples: number): number {
  if (frontEnd.kind === 'mel') return frontEnd.mel.exactPad ? 0 : 1;
  const { hopLength } = frontEnd.mfcc;
  return Math.floor(numSamples / hopLength) + 1 - Math.ceil(numSamples / hopLength);
}

function readFrontEnd(section: unknown): FrontEndSpec {
  const target = targetClass(section);
  if (target === 'AudioToMFCCPreprocessor') return { kind: 'mfcc', mfcc: readMfccSpec(section) };
  if (target === 'AudioToMelSpectrogramPreprocessor') return { kind: 'mel', mel: readMelSpec(section) };
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's preprocessor._target_ is ${target || 'missing'}; supported are AudioToMelSpectrogramPreprocessor and AudioToMFCCPreprocessor.`,
  );
}
