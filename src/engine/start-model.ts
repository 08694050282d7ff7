/** Parts that are at hand to a model that runs: onnxruntime, sessions on their devices, and what the caller is told of both. */
import { AsrError } from '../base/errors.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import { type CheckpointSpec, isClassifier } from '../model/checkpoint-spec.ts';
import { subsamplingSpec } from '../model/encoder.ts';
import { isA } from '../model/model-class.ts';
import type { DeviceChoice } from '../runtime/device.ts';
import { type OrtInstance, loadOrt } from '../runtime/ort.ts';
import { assembleModel } from './assemble-model.ts';
import { CheckpointExport } from './checkpoint-export.ts';
import type { CheckpointParts, GraphName } from './checkpoint-parts.ts';
import type { EngineModel } from './engine-model.ts';
import type { Device, LoadOptions, ModelReport, Precision } from './options.ts';
import { openOriginal } from './original.ts';
import type { Placement } from './placement.ts';
import { SelfTest } from './self-test.ts';
import { ModelSessions } from './sessions.ts';
import { sourceOptions } from './source-options.ts';
import { openStore } from './store.ts';

/** The graph that decides how fast a decoder is, and where it runs. */
const MAIN_HEAD = { ctc: 'ctc', transducer: 'joint', aed: 'decoder_step' } as const;

function mainHead(spec: CheckpointSpec): GraphName {
  return isClassifier(spec) ? 'classification' : MAIN_HEAD[spec.defaultDecoder];
}

export type StartOptions = LoadOptions & {
  /** NeMo class the caller asked for. */
  readonly expectedClass?: string;
  /** When opening began. */
  readonly startedAt: number;
  readonly chosen: DeviceChoice;
  readonly placed: Placement;
  /** Loads a voice detector that runs where the recognizer does. */
  readonly loadDetector: (source: CheckpointSource, device: Device) => Promise<EngineModel>;
};

/** Whatever fails, no session is left behind; the parts stay the caller's. */
export async function startModel(
  source: CheckpointSource,
  parts: CheckpointParts,
  options: StartOptions,
): Promise<EngineModel> {
  const { chosen, placed, startedAt } = options;
  const { spec } = parts.meta;
  assertClass(spec, options.expectedClass);
  const openedAt = performance.now();

  const instance = await runtimeFor(chosen, options);
  const fallbacks: string[] = [];
  let report: (() => ModelReport) | undefined;
  const onFallback = (reason: string): void => {
    fallbacks.push(reason);
    if (report) options.onReport?.(report());
  };
  const sessionsOf = (those: CheckpointParts): ModelSessions => new ModelSessions(instance, those, placed, onFallback);
  const sessions = sessionsOf(parts);
  try {
    options.onProgress?.({ phase: 'load', part: 'encoder' });
    const selfTest = await SelfTest.prepare(parts, sessions, {
      ...(options.cache === false ? {} : { store: await openStore() }),
      gpu: chosen.fingerprint,
      ortVersion: instance.ort.env.versions.common ?? '',
    });
    await createFirstSessions(sessions, spec, selfTest);
    const seconds = {
      open: (openedAt - startedAt) / 1000,
      convert: parts.fromCache ? 0 : (openedAt - startedAt) / 1000,
      session: (performance.now() - openedAt) / 1000,
    };
    report = () => ({
      requested: options.device ?? 'auto',
      device: sessions.deviceOf('encoder'),
      decoderDevice: sessions.deviceOf(mainHead(spec)),
      precision: parts.meta.precision,
      arithmetic: parts.meta.arithmetic,
      reason: [fallbacks.at(-1) ?? chosen.reason, ...precisionReason(options.precision ?? 'auto', parts)].join(' '),
      adapter: chosen.adapter,
      ...(selfTest.report && chosen.device === 'webgpu' ? { selfTest: selfTest.report } : {}),
      numThreads: options.numThreads ?? defaultThreads(),
      seconds,
      fromCache: parts.fromCache,
      weightBytes: parts.meta.weightBytes,
    });
    return await assembleModel({
      parts,
      sessions,
      report,
      exports: exportOf(source, parts, options),
      sessionsOf,
      loadDetector: (detector) => options.loadDetector(detector, sessions.deviceOf('encoder')),
    });
  } catch (error) {
    await sessions.close();
    throw error;
  }
}

/** onnxruntime for a device; the first call of a worker loads it. */
export function runtimeFor({ device }: DeviceChoice, { numThreads, assetBase }: LoadOptions): Promise<OrtInstance> {
  return loadOrt({
    webgpu: device === 'webgpu',
    numThreads: numThreads ?? defaultThreads(),
    ...(assetBase ? { wasmPaths: new URL('ort/', assetBase).href } : {}),
  });
}

/** Those every recording needs; on a GPU they must compute what they should. */
function createFirstSessions(sessions: ModelSessions, spec: CheckpointSpec, selfTest: SelfTest): Promise<void> {
  return sessions.withFallback(async () => {
    const isOnGpu = sessions.deviceOf('encoder') === 'webgpu';
    if (isOnGpu) selfTest.assertNotKnownWrong();
    if (subsamplingSpec(spec.encoder)) await sessions.get('subsampling');
    await sessions.get('encoder');
    await sessions.get(mainHead(spec));
    if (isOnGpu) await selfTest.run(sessions);
  });
}

function exportOf(source: CheckpointSource, parts: CheckpointParts, options: StartOptions): CheckpointExport {
  const { chosen, placed } = options;
  const { signal: _, ...whereFrom } = sourceOptions(options); // the signal was for opening, and may have fired since
  return new CheckpointExport(parts, { ...placed, hasShaderF16: chosen.hasShaderF16 }, () =>
    openOriginal(source, whereFrom, {
      name: parts.name,
      ...(parts.meta.origin ? { origin: parts.meta.origin } : {}),
    }),
  );
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

/** Threads need shared memory, which needs cross-origin isolation; half of the cores leaves the page its own. */
function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(8, (globalThis.navigator?.hardwareConcurrency ?? 2) >> 1));
}
