/** A checkpoint from anywhere to a model that transcribes: parts, device, sessions, front end, tokenizer. */
import { type MelConfig, MelExtractor } from '../audio/mel.ts';
import { MfccExtractor } from '../audio/mfcc.ts';
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { CheckpointSource, SourceOptions } from '../checkpoint/source.ts';
import { type CheckpointSpec, isClassifier, recognizerConfig } from '../model/checkpoint-spec.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import { subsamplingSpec } from '../model/encoder.ts';
import type { MelSpec } from '../model/preprocessor-spec.ts';
import type { ModelSpec } from '../model/spec.ts';
import { isA } from '../model/model-class.ts';
import { type DeviceChoice, chooseDevice } from '../runtime/device.ts';
import { loadOrt } from '../runtime/ort.ts';
import { checkTokenizer } from './aed-request.ts';
import { Aligner } from './aligner.ts';
import { LoadedModel } from './asr-model.ts';
import { CheckpointExport } from './checkpoint-export.ts';
import { type CheckpointParts, type GraphName, MEL_FILTERBANK, MEL_WINDOW, alignerParts } from './checkpoint-parts.ts';
import { EncoderRunner } from './encoder-runner.ts';
import type { EngineModel } from './engine-model.ts';
import { HypothesisWriter } from './hypothesis.ts';
import { type ClassifierParts, LoadedClassifier } from './loaded-classifier.ts';
import { classifierInfo, modelInfo } from './model-info.ts';
import { type ObtainOptions, obtainParts } from './obtain-parts.ts';
import type { Device, LoadOptions, ModelReport, Precision } from './options.ts';
import { openOriginal } from './original.ts';
import type { Placement } from './placement.ts';
import { checkPrecision, choosePrecision } from './precision.ts';
import { SelfTest } from './self-test.ts';
import { ModelSessions } from './sessions.ts';
import { openStore } from './store.ts';
import { checkVocabulary } from './vocabulary-check.ts';
import { VoiceDetectors } from './voice-detectors.ts';
import { createTokenizer } from './tokenizer.ts';

/** The graph that decides how fast a decoder is, and where it runs. */
const MAIN_HEAD = { ctc: 'ctc', transducer: 'joint', aed: 'decoder_step' } as const;

function mainHead(spec: CheckpointSpec): GraphName {
  return isClassifier(spec) ? 'classification' : MAIN_HEAD[spec.defaultDecoder];
}

export type EngineLoadOptions = LoadOptions & {
  /** NeMo class the caller asked for; another one in the checkpoint is an error. */
  readonly expectedClass?: string;
};

/** Loads a checkpoint. Throws the `checkpoint-*`, `download-failed`, `wrong-class` … errors of `base/errors.ts`. */
export async function loadModel(source: CheckpointSource, options: EngineLoadOptions): Promise<EngineModel> {
  const { device = 'auto', decoderDevice = 'auto', precision = 'auto', cache = true, signal, onProgress } = options;
  checkPrecision(precision);
  const chosen = await chooseDevice(device);
  const placed = placement(chosen, decoderDevice);
  const startedAt = performance.now();
  const kept = cache ? { store: await openStore() } : {};
  const obtain: ObtainOptions = {
    precision: choosePrecision(precision, { ...placed, hasShaderF16: chosen.hasShaderF16 }),
    ...kept,
    source: { ...sourceOptions(options), ...kept },
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  };
  for (let isSecondTry = false; ; isSecondTry = true) {
    const parts = await obtainParts(source, obtain);
    try {
      return await startModel(source, parts, { ...options, startedAt, chosen, placed });
    } catch (error) {
      parts.release();
      // A damaged copy is no longer stored: the checkpoint is had from its source again.
      if (isSecondTry || !parts.isDamaged()) throw error;
    }
  }
}

type StartOptions = EngineLoadOptions & {
  readonly startedAt: number;
  readonly chosen: DeviceChoice;
  readonly placed: Placement;
};

/** Device, sessions, front end and tokenizer over parts that are at hand. */
async function startModel(
  source: CheckpointSource,
  parts: CheckpointParts,
  options: StartOptions,
): Promise<EngineModel> {
  const { device = 'auto', precision = 'auto', startedAt, chosen, placed, onProgress } = options;
  const { spec } = parts.meta;
  assertClass(spec, options.expectedClass);
  const openedAt = performance.now();

  const numThreads = options.numThreads ?? defaultThreads();
  const instance = await loadOrt({
    webgpu: chosen.device === 'webgpu',
    numThreads,
    ...(options.assetBase ? { wasmPaths: new URL('ort/', options.assetBase).href } : {}),
  });
  const fallbacks: string[] = [];
  let isLoaded = false;
  const onFallback = (reason: string): void => {
    fallbacks.push(reason);
    if (isLoaded) options.onReport?.(report());
  };
  const sessions = new ModelSessions(instance, parts, placed, onFallback);
  onProgress?.({ phase: 'load', part: 'encoder' });
  const selfTest = await SelfTest.prepare(parts, sessions, {
    ...(options.cache === false ? {} : { store: await openStore() }),
    gpu: chosen.fingerprint,
    ortVersion: instance.ort.env.versions.common ?? '',
  });
  await sessions.withFallback(async () => {
    const isOnGpu = sessions.deviceOf('encoder') === 'webgpu';
    if (isOnGpu) selfTest.assertNotKnownWrong();
    if (subsamplingSpec(spec.encoder)) await sessions.get('subsampling');
    await sessions.get('encoder');
    await sessions.get(mainHead(spec));
    if (isOnGpu) await selfTest.run(sessions);
  });
  const readyAt = performance.now();
  isLoaded = true;

  const seconds = {
    open: (openedAt - startedAt) / 1000,
    convert: parts.fromCache ? 0 : (openedAt - startedAt) / 1000,
    session: (readyAt - openedAt) / 1000,
  };
  const report = (): ModelReport => ({
    requested: device,
    device: sessions.deviceOf('encoder'),
    decoderDevice: sessions.deviceOf(mainHead(spec)),
    precision: parts.meta.precision,
    arithmetic: parts.meta.arithmetic,
    reason: [fallbacks.at(-1) ?? chosen.reason, ...precisionReason(precision, parts)].join(' '),
    adapter: chosen.adapter,
    ...(selfTest.report && chosen.device === 'webgpu' ? { selfTest: selfTest.report } : {}),
    numThreads,
    seconds,
    fromCache: parts.fromCache,
    weightBytes: parts.meta.weightBytes,
  });
  const { signal: _, ...whereFrom } = sourceOptions(options); // the signal was for opening, and may have fired since
  const exports = new CheckpointExport(parts, { ...placed, hasShaderF16: chosen.hasShaderF16 }, () =>
    openOriginal(source, whereFrom, {
      name: parts.name,
      ...(parts.meta.origin ? { origin: parts.meta.origin } : {}),
    }),
  );
  if (isClassifier(spec)) return createClassifier(spec, { parts, sessions, report, exports });
  const melConfig = await createMelConfig(spec.mel, parts.files);
  const tokenizer = await createTokenizer(spec.tokenizer, parts.files);
  if (spec.aed) checkTokenizer(spec.aed, tokenizer);
  checkVocabulary(spec, tokenizer);
  const aligner = await createAligner(parts, (inner) => new ModelSessions(instance, inner, placed, onFallback));
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
    detectors: new VoiceDetectors((detector) =>
      loadModel(detector, detectorOptions(options, sessions.deviceOf('encoder'))),
    ),
  });
}

/** A voice detector runs where the recognizer does, on the same instance; it is small. */
function detectorOptions(
  { onProgress: _, onReport: __, signal: ___, expectedClass: ____, ...options }: EngineLoadOptions,
  device: Device,
): EngineLoadOptions {
  return { ...options, device, precision: 'auto' };
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
  { parts, ...rest }: Pick<ClassifierParts, 'sessions' | 'report' | 'exports'> & { readonly parts: CheckpointParts },
): Promise<LoadedClassifier> {
  const { frontEnd, encoder } = spec;
  const features =
    frontEnd.kind === 'mel'
      ? new MelExtractor(await createMelConfig(frontEnd.mel, parts.files))
      : new MfccExtractor(frontEnd.mfcc);
  const { exactPad, padValue } = frontEnd.kind === 'mel' ? frontEnd.mel : { exactPad: false, padValue: 0 };
  return new LoadedClassifier({
    ...rest,
    spec,
    info: classifierInfo(spec, parts),
    cfg: parts.meta.config,
    features,
    encoder: new EncoderRunner(rest.sessions, { encoder, mel: { exactPad, padValue } }),
  });
}

/** The part of the load options that finding and fetching need. */
export function sourceOptions({ revision, hubUrl, accessToken, assetBase, signal }: LoadOptions): SourceOptions {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(assetBase === undefined ? {} : { assetBase }),
    ...(signal ? { signal } : {}),
  };
}

function assertClass({ className }: CheckpointSpec, expected: string | undefined): void {
  if (expected === undefined || isA(className, expected)) return;
  throw new AsrError(
    'wrong-class',
    `The checkpoint is an ${className}, not an ${expected}. Restore it with ${className}.restoreFrom or ASRModel.restoreFrom.`,
  );
}

/** A sentence where the weights are not what a reader of the options would think. */
function precisionReason(requested: Precision | 'auto', { meta }: CheckpointParts): string[] {
  const { precision, arithmetic } = meta;
  if (requested === 'auto')
    return precision === 'fp32' ? [] : [`Its weights are kept as ${precision}, because as fp32 they would not fit.`];
  if (precision === 'fp16' && arithmetic === 'fp32')
    return ['Its weights are stored as fp16 and multiplied as fp32, because this device has no fp16 shaders.'];
  return [];
}

function placement(chosen: DeviceChoice, decoderDevice: Device | 'auto'): Placement {
  // Without WebGPU the decoder has no choice either.
  return { encoder: chosen.device, decoder: chosen.device === 'wasm' ? 'wasm' : decoderDevice };
}

/** Threads need shared memory, which needs cross-origin isolation; half of the cores leaves the page its own. */
function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(8, (globalThis.navigator?.hardwareConcurrency ?? 2) >> 1));
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
