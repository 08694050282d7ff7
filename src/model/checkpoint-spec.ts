/**
 * What any checkpoint is: a recognizer, or a classifier, which has neither tokenizer nor decoding.
 *
 * NeMo's `ASRWithTTSModel` keeps a whole recognizer in `asr_model` of its configuration and under `asr_model.` in its weights; only the
 * tokenizer's files lie beside those of the speech synthesis, and `nemo:` paths name them alike in both forms.
 */
import type { WeightRef, Weights } from '../base/files.ts';
import { AsrError } from '../base/errors.ts';
import { type ClassifierSpec, readClassifierSpec } from './classifier-spec.ts';
import { at, targetClass } from './config.ts';
import { ASR_WITH_TTS, CLASSIFIER_CLASSES, modelClass } from './model-class.ts';
import { type ModelSpec, readSpec } from './spec.ts';

export type CheckpointSpec = ModelSpec | ClassifierSpec;

const PREFIX = 'asr_model.';

/** Reads a resolved config of any class. Throws `checkpoint-unsupported` that names the key, its value and what is supported. */
export function readCheckpointSpec(config: unknown): CheckpointSpec {
  const className = modelClass(config);
  if (CLASSIFIER_CLASSES.includes(className)) return readClassifierSpec(config);
  const spec = readSpec(recognizerConfig(config));
  // The class a caller restores it by is that of the whole.
  return className === ASR_WITH_TTS ? { ...spec, className } : spec;
}

export function isClassifier(spec: CheckpointSpec): spec is ClassifierSpec {
  return 'classification' in spec;
}

/** The configuration of the recognizer inside an `ASRWithTTSModel`; any other is its own. */
export function recognizerConfig(config: unknown): unknown {
  if (targetClass(config) !== ASR_WITH_TTS) return config;
  const inner = at(config, 'asr_model');
  if (typeof inner === 'object' && inner !== null) return inner;
  throw new AsrError('checkpoint-corrupt', `The checkpoint is an ${ASR_WITH_TTS}, but asr_model is missing.`);
}

/** Its tensors by their own names, those of the speech synthesis left out. */
export function recognizerWeights(config: unknown, weights: Weights): Weights {
  if (targetClass(config) !== ASR_WITH_TTS) return weights;
  const inner: (readonly [string, WeightRef])[] = [...weights]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, ref]) => [name.slice(PREFIX.length), ref]);
  return new Map(inner);
}
