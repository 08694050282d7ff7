/** The second model of a Canary archive, as files of a checkpoint of its own (NeMo `__restore_timestamps_asr_model`). */
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import { type CheckpointSpec, isClassifier } from '../model/checkpoint-spec.ts';
import { at } from '../model/config.ts';

const CONFIG = 'timestamps_asr_model_config.yaml';
const WEIGHTS = 'timestamps_asr_model_weights.ckpt';

/** Undefined where there is none, or where the configuration says not to restore it. Tokenizer files of both models lie side by side. */
export function alignerFiles(
  files: CheckpointFiles,
  { config, spec }: { readonly config: unknown; readonly spec: CheckpointSpec },
): CheckpointFiles | undefined {
  const [innerConfig, innerWeights] = [files.get(CONFIG), files.get(WEIGHTS)];
  if (isClassifier(spec) || !spec.aed || !innerConfig || !innerWeights) return undefined;
  if (at(config, 'restore_timestamps_model') === false) return undefined;
  const own = [...files].filter(([name]) => name !== CONFIG && name !== WEIGHTS);
  return new Map([...own, ['model_config.yaml', innerConfig], ['model_weights.ckpt', innerWeights]]);
}

/** @throws AsrError `checkpoint-unsupported` where the second model has no CTC head, or hears another rate */
export function checkAligner(main: CheckpointSpec, aligner: CheckpointSpec): void {
  const own = isClassifier(aligner) || isClassifier(main) ? undefined : aligner;
  if (!own?.ctc)
    throw new AsrError(
      'checkpoint-unsupported',
      `${CONFIG}: the class (target) is ${aligner.className}; timestamps need a model with a CTC head.`,
    );
  const { sampleRate } = (main as typeof own).mel;
  if (own.mel.sampleRate === sampleRate) return;
  throw new AsrError(
    'checkpoint-unsupported',
    `${CONFIG}: preprocessor.sample_rate is ${own.mel.sampleRate}; supported is that of the checkpoint, ${sampleRate}.`,
  );
}
