/** One ORT session: a graph part on one device, run through the instance's lock, with errors turned into ours. */
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { AsrError, messageOf } from '../base/errors.ts';
import { ExternalBlob } from './external-blob.ts';
import type { OrtInstance } from './ort.ts';

export type { Tensor } from 'onnxruntime-web';

/** A graph ready to run: the protobuf and its external data files. */
export type GraphPart = {
  readonly name: string;
  readonly model: Uint8Array;
  readonly files: readonly { readonly name: string; readonly data: Blob }[];
};

export type SessionOptions = {
  readonly device: 'webgpu' | 'wasm';
  /** Outputs that stay on the device; ignored on WASM. */
  readonly keepOnDevice?: readonly string[];
};

export class Session implements AsyncDisposable {
  readonly name: string;
  readonly device: 'webgpu' | 'wasm';
  readonly #instance: OrtInstance;
  readonly #session: InferenceSession;

  private constructor(instance: OrtInstance, session: InferenceSession, name: string, device: 'webgpu' | 'wasm') {
    this.#instance = instance;
    this.#session = session;
    this.name = name;
    this.device = device;
  }

  /** Creates the session; weights are copied (WASM) or uploaded (WebGPU) here. */
  static async create(
    instance: OrtInstance,
    part: GraphPart,
    { device, keepOnDevice = [] }: SessionOptions,
  ): Promise<Session> {
    const onGpu = device === 'webgpu';
    const options: InferenceSession.SessionOptions = {
      executionProviders: [onGpu ? 'webgpu' : 'wasm'],
      logSeverityLevel: 3, // ORT warns about every shape node it rightly keeps on the CPU
      externalData: part.files.map(({ name, data }) => ({ path: name, data: new ExternalBlob(data) })),
      ...(onGpu && keepOnDevice.length > 0
        ? { preferredOutputLocation: Object.fromEntries(keepOnDevice.map((output) => [output, 'gpu-buffer' as const])) }
        : {}),
    };
    try {
      const session = await instance.exclusively(() => instance.ort.InferenceSession.create(part.model, options));
      return new Session(instance, session, part.name, device);
    } catch (error) {
      throw runtimeError(error, `The ${part.name} could not be prepared on ${device}`);
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /** Runs the graph. `fetches` limits what is brought back. */
  async run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[]): Promise<Record<string, Tensor>> {
    try {
      return await this.#instance.exclusively(() =>
        fetches ? this.#session.run(feeds, fetches as string[]) : this.#session.run(feeds),
      );
    } catch (error) {
      throw runtimeError(error, `Running the ${this.name} on ${this.device} failed`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#instance.exclusively(() => this.#session.release());
  }
}

/** ORT has no error classes: what happened must be read from the text. */
function runtimeError(error: unknown, what: string): AsrError {
  const message = messageOf(error);
  if (/device.*(lost|destroyed)|buffer_manager|mapAsync.*abort/i.test(message)) {
    return new AsrError('device-lost', `${what}: the GPU device was lost.`, { cause: error });
  }
  if (/out of memory|allocat|OOM|bad_alloc|Array buffer allocation|memory access out of bounds/i.test(message)) {
    return new AsrError(
      'out-of-memory',
      `${what}: not enough memory (${message.slice(0, 200)}). Close other tabs, use a smaller checkpoint or shorter windows.`,
      { cause: error },
    );
  }
  return new AsrError('device-unavailable', `${what}: ${message.slice(0, 500)}`, { cause: error });
}
