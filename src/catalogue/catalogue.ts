/**
 * NVIDIA's published checkpoints: NeMo's documentation, its `list_available_models()`, and those that are only on Hugging Face.
 *
 * NeMo's own lists know the NGC catalogue only, and its documentation has gaps and a codec among its models; this is the union of what opens here.
 */
import type { PretrainedModelInfo } from '../base/pretrained.ts';
import { CLASSIFICATION } from './classification.ts';
import { CTC } from './ctc.ts';
import { HYBRID } from './hybrid.ts';
import { MULTITASK } from './multitask.ts';
import { readRows } from './rows.ts';
import { TRANSDUCER } from './transducer.ts';

const BUILT_IN: PretrainedModelInfo = {
  name: 'sotto-tiny-en',
  className: 'EncDecHybridRNNTCTCBPEModel',
  description: 'Built in: a very small English model, so that something works without a download',
  languages: ['en'],
  parameters: 5.2e6,
  bytes: 21e6,
  licence: 'Apache-2.0',
};

let models: readonly PretrainedModelInfo[] | undefined;

/** The checkpoints of one NeMo class, by name; `ASRModel` lists all. */
export function listPretrained(className: string): readonly PretrainedModelInfo[] {
  models ??= [BUILT_IN, ...[CTC, TRANSDUCER, HYBRID, MULTITASK, CLASSIFICATION].flatMap(readRows)];
  return className === 'ASRModel' ? models : models.filter((model) => model.className === className);
}

/** A checkpoint by its name, with or without `nvidia/`. */
export function findPretrained(name: string): PretrainedModelInfo | undefined {
  const bare = name.replace(/^nvidia\//, '');
  return listPretrained('ASRModel').find((model) => model.name === bare);
}
