/**
 * A model over the sessions of a checkpoint: front end, tokenizer, and whatever else its class has. What does not fit together is found here.
 */
import { type MelConfig, MelExtractor } from '../audio/mel.ts';
import { MfccExtractor } from '../audio/mfcc.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import { isClassifier, recognizerConfig } from '../model/checkpoint-spec.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import type { MelSpec } from '../model/preprocessor-spec.ts';
import type { ModelSpec } from '../model/spec.ts';
import { checkTokenizer } from './aed-request.ts';
import { Aligner } from './aligner.ts';
import { LoadedModel } from './asr-model.ts';
import type { CheckpointExport } from './checkpoint-export.ts';
import { type CheckpointParts, MEL_FILTERBANK, MEL_WINDOW, alignerParts } from './checkpoint-parts.ts';
import { EncoderRunner } from './encoder-runner.ts';
import type { EngineModel } from './engine-model.ts';
import { HypothesisWriter } from './hypothesis.ts';
import { LoadedClassifier } from './loaded-classifier.ts';
import { classifierInfo, modelInfo } from './model-info.ts';
import type { ModelReport } from './options.ts';
import type { ModelSessions } from './sessions.ts';
import { createTokenizer } from './tokenizer.ts';
import { checkVocabulary } from './vocabulary-check.ts';
import { VoiceDetectors } from './voice-detectors.ts';

export type StartedParts = {
  readonly parts: CheckpointParts;
  readonly sessions: ModelSessions;
  readonly report: () => ModelReport;
  readonly exports: CheckpointExport;
  /** Sessions of the checkpoint's second model. */
  readonly sessionsOf: (inner: CheckpointParts) => ModelSessions;
  readonly loadDetector: (source: CheckpointSource) => Promise<EngineModel>;
};

/** @throws AsrError `checkpoint-corrupt`, `checkpoint-unsupported`; the sessions are left to the caller */
export async function assembleModel(started: StartedParts): Promise<EngineModel> {
  const { parts, sessions, report, exports } = started;
  const { spec } = parts.meta;
  if (isClassifier(spec)) return createClassifier(spec, started);
  const melConfig = await createMelConfig(spec.mel, parts.files);
  const tokenizer = await createTokenizer(spec.tokenizer, parts.files);
  if (spec.aed) checkTokenizer(spec.aed, tokenizer);
  checkVocabulary(spec, tokenizer);
  const aligner = await createAligner(parts, started.sessionsOf);
  return new LoadedModel({
    spec,
    info: modelInfo(spec, parts, tokenizer),
    cfg: recognizerConfig(parts.meta.config),
    wholeConfig: parts.meta.config,
    mel: new MelExtractor(melConfig),
    melConfig,
    sessions,
    encoder: new EncoderRunner(sessions, spec),
    tokenizer,
    writer: new HypothesisWriter(spec, tokenizer),
    report,
    exports,
    ...(aligner ? { aligner } : {}),
    detectors: new VoiceDetectors(started.loadDetector),
  });
}

/** The checkpoint's own model for timestamps, where it has one; nothing of it is loaded yet but its tokenizer. */
async function createAligner(
  parts: CheckpointParts,
  sessionsOf: (inner: CheckpointParts) => ModelSessions,
): Promise<Aligner | undefined> {
  const inner = alignerParts(parts);
  if (!inner) return undefined;
  const spec = inner.meta.spec as ModelSpec;
  return new Aligner({
    spec,
    mel: new MelExtractor(await createMelConfig(spec.mel, inner.files)),
    tokenizer: await createTokenizer(spec.tokenizer, inner.files),
    sessions: sessionsOf(inner),
  });
}

async function createClassifier(
  spec: ClassifierSpec,
  { parts, sessions, report, exports }: StartedParts,
): Promise<LoadedClassifier> {
  const { frontEnd, encoder } = spec;
  const features =
    frontEnd.kind === 'mel'
      ? new MelExtractor(await createMelConfig(frontEnd.mel, parts.files))
      : new MfccExtractor(frontEnd.mfcc);
  const { exactPad, padValue } = frontEnd.kind === 'mel' ? frontEnd.mel : { exactPad: false, padValue: 0 };
  return new LoadedClassifier({
    sessions,
    report,
    exports,
    spec,
    info: classifierInfo(spec, parts),
    cfg: parts.meta.config,
    features,
    encoder: new EncoderRunner(sessions, { encoder, mel: { exactPad, padValue } }),
  });
}

async function createMelConfig(spec: MelSpec, files: CheckpointFiles): Promise<MelConfig> {
  const window = await storedFloats(files, MEL_WINDOW);
  const filterbank = await storedFloats(files, MEL_FILTERBANK);
  return {
    ...spec,
    ...(window && window.length === spec.windowLength ? { window } : {}),
    ...(filterbank ? { filterbank } : {}),
  };
}

async function storedFloats(files: CheckpointFiles, name: string): Promise<Float32Array | undefined> {
  const file = files.get(name);
  return file && new Float32Array(await file.arrayBuffer());
}
