/**
 * The sessions of one model: made on first use, placed by part, moved to WASM when the GPU fails.
 */
import { type AsrError, isAsrError } from '../base/errors.ts';
import { positionNames } from '../model/encoder.ts';
import type { CheckpointSpec } from '../model/checkpoint-spec.ts';
import { crossNames, nextCacheNames } from '../model/transformer-decoder.ts';
import type { Device } from './options.ts';
import type { OrtInstance } from '../runtime/ort.ts';
import { Session } from '../runtime/session.ts';
import { fallbackReason } from './fallback-reason.ts';
import { type CheckpointParts, type GraphName, graphPart } from './checkpoint-parts.ts';
import { type Placement, deviceOf } from './placement.ts';

/** Outputs that the next session on the same device takes as they are. */
const KEPT_ON_DEVICE: Partial<Record<GraphName, readonly string[]>> = {
  subsampling: ['subsampled'],
  subsampling_masked: ['subsampled'],
  encoder: ['encoded'],
  encoder_masked: ['encoded'],
  prompt: ['prompted'],
  encoder_step: ['encoded', 'keys_next', 'values_next', 'conv_next'],
};

export class ModelSessions {
  readonly #instance: OrtInstance;
  readonly #parts: CheckpointParts;
  readonly #sessions = new Map<GraphName, Promise<Session>>();
  #placement: Placement;
  /** Called when the GPU is given up, with the reason. */
  readonly #onFallback: (reason: string) => void;
  /** Runs after a fallback that invalidates device tensors. */
  readonly #resets = new Set<() => void>();
  /** Under way while the GPU is being given up. */
  #moving: Promise<void> | undefined;

  constructor(
    instance: OrtInstance,
    parts: CheckpointParts,
    placement: Placement,
    onFallback: (reason: string) => void,
  ) {
    this.#instance = instance;
    this.#parts = parts;
    this.#placement = placement;
    this.#onFallback = onFallback;
  }

  get instance(): OrtInstance {
    return this.#instance;
  }

  /** Where a part runs now. */
  deviceOf(name: GraphName): Device {
    return deviceOf(this.#placement, name);
  }

  /** The session of a part, created on first use. */
  get(name: GraphName): Promise<Session> {
    let session = this.#sessions.get(name);
    if (!session) {
      // What is asked for while the GPU is being given up is made where the model goes.
      const made = this.#moving === undefined ? this.#create(name) : this.#moving.then(() => this.#create(name));
      this.#sessions.set(name, made);
      made.catch(() => {
        if (this.#sessions.get(name) === made) this.#sessions.delete(name);
      });
      session = made;
    }
    return session;
  }

  /** Registers what must be forgotten when device tensors become invalid; call what it returns when nothing has to be any more. */
  onReset(reset: () => void): () => void {
    this.#resets.add(reset);
    return () => this.#resets.delete(reset);
  }

  /**
   * Runs `work`; when the GPU fails on the way, moves every part to WASM and runs it once more from its start.
   *
   * `work` must therefore begin from host data. Anything but a GPU failure passes through. Pieces of several jobs may fail together, and one that
   * began on the GPU may fail after another one has moved everything: each is run once more.
   */
  async withFallback<T>(work: () => Promise<T>): Promise<T> {
    const began = this.#placement;
    try {
      return await work();
    } catch (error) {
      if (!usesGpu(began) || !isGpuFailure(error)) throw error;
      if (this.#placement === began) this.#moving ??= this.#moveToWasm(error as AsrError);
      await this.#moving;
      return work();
    }
  }

  /** Ends every session, and the use of the checkpoint's parts. */
  async close(): Promise<void> {
    await this.#endSessions();
    this.#parts.release();
  }

  async #endSessions(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await session.then((ready) => ready[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async #create(name: GraphName): Promise<Session> {
    const device = this.deviceOf(name);
    // Only a consumer on the same device can take a device tensor: the heads follow the encoder unless they were forced elsewhere.
    const headsFollow = this.deviceOf('ctc') === this.#placement.encoder;
    const kept = (KEPT_ON_DEVICE[name] ?? []).filter(
      (output) => headsFollow || (output !== 'encoded' && output !== 'prompted'),
    );
    const layers = layerOutputs(this.#parts.meta.spec, name);
    return Session.create(this.#instance, await graphPart(this.#parts, name), {
      device,
      keepOnDevice: [...kept, ...layers],
    });
  }

  async #moveToWasm(cause: AsrError): Promise<void> {
    await this.#endSessions();
    for (const reset of this.#resets) reset();
    this.#placement = { encoder: 'wasm', decoder: 'wasm' };
    this.#onFallback(fallbackReason(cause));
  }
}

/** Where sessions come from: the model's own, or a probe's. */
export type SessionSource = Pick<ModelSessions, 'instance' | 'get' | 'onReset'>;

/** Outputs of every layer that are inputs of the next graph, or of the same one, and nothing else: they stay on the device. */
function layerOutputs(spec: CheckpointSpec, name: GraphName): string[] {
  const { encoder } = spec;
  const aed = 'aed' in spec ? spec.aed : undefined;
  const all = (numLayers: number, names: (layer: number) => readonly string[]): string[] =>
    Array.from({ length: numLayers }, (_, layer) => names(layer)).flat();
  if (name === 'positions') return [...positionNames(encoder)];
  if (name === 'cross') return all(aed?.decoder.numLayers ?? 0, crossNames);
  if (name === 'decoder_step') return all(aed?.decoder.numLayers ?? 0, nextCacheNames);
  return [];
}

function usesGpu({ encoder, decoder }: Placement): boolean {
  return encoder === 'webgpu' || decoder === 'webgpu';
}

function isGpuFailure(error: unknown): boolean {
  return (
    isAsrError(error, 'device-lost') ||
    isAsrError(error, 'device-unavailable') ||
    isAsrError(error, 'out-of-memory') ||
    isAsrError(error, 'self-test-failed')
  );
}
