/** A checkpoint from anywhere to a model that transcribes: a device is chosen, the parts are obtained, the model is started over them. */
import type { CheckpointSource } from '../checkpoint/source.ts';
import { type DeviceChoice, chooseDevice } from '../runtime/device.ts';
import type { EngineModel } from './engine-model.ts';
import { type ObtainOptions, obtainParts } from './obtain-parts.ts';
import type { Device, LoadOptions } from './options.ts';
import type { Placement } from './placement.ts';
import { checkPrecision, choosePrecision } from './precision.ts';
import { sourceOptions } from './source-options.ts';
import { type StartOptions, runtimeFor, startModel } from './start-model.ts';
import { openStore } from './store.ts';

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
  const start: StartOptions = {
    ...options,
    startedAt,
    chosen,
    placed,
    loadDetector: (detector, where) => loadModel(detector, detectorOptions(options, where)),
  };
  runtimeFor(chosen, options).catch(() => {}); // beside the checkpoint, which takes longer; who needs it hears what went wrong
  for (let isSecondTry = false; ; isSecondTry = true) {
    const parts = await obtainParts(source, obtain);
    try {
      return await startModel(source, parts, start);
    } catch (error) {
      parts.release();
      // A damaged copy is no longer stored: the checkpoint is had from its source again.
      if (isSecondTry || !parts.isDamaged()) throw error;
    }
  }
}

/** A voice detector runs where the recognizer does, on the same instance; it is small. */
function detectorOptions(
  { onProgress: _, onReport: __, signal: ___, expectedClass: ____, ...options }: EngineLoadOptions,
  device: Device,
): EngineLoadOptions {
  return { ...options, device, precision: 'auto' };
}

function placement(chosen: DeviceChoice, decoderDevice: Device | 'auto'): Placement {
  // Without WebGPU the decoder has no choice either.
  return { encoder: chosen.device, decoder: chosen.device === 'wasm' ? 'wasm' : decoderDevice };
}
