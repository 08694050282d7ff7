/**
 * Loads ONNX Runtime Web: the only file that knows its builds and its global settings.
 *
 * Three builds ship: `jspi` (WebGPU, and weights read from Blobs slice by slice, where `WebAssembly.Suspending` exists), `webgpu` (asyncify) and
 * `wasm`. An instance is per worker; its first build stays, because ORT's state is global. Calls into one instance must not overlap:
 * two running at once corrupt it (onnxruntime#32561), hence `exclusively`.
 */
import type * as Ort from 'onnxruntime-web';
import { AsrError, messageOf } from '../base/errors.ts';

export type OrtModule = typeof Ort;

export type OrtInstance = {
  readonly ort: OrtModule;
  readonly build: 'jspi' | 'webgpu' | 'wasm';
  /** Runs `work` when no other create, run or release of this instance is under way. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
};

export type OrtOptions = {
  readonly webgpu: boolean;
  /** Absolute URL of the folder with ORT's wasm files; omitted in Node, where they lie in the package. */
  readonly wasmPaths?: string;
  readonly numThreads: number;
};

/** A model that gives back its input, [1] float32. */
const IDENTITY = Uint8Array.from(
  atob('CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEBE='),
  (char) => char.charCodeAt(0),
);

let instance: Promise<OrtInstance> | undefined;

/** The worker's ORT instance, loaded on first use and ready to make sessions. */
export function loadOrt(options: OrtOptions): Promise<OrtInstance> {
  instance ??= load(options).catch((error: unknown) => {
    instance = undefined;
    throw new AsrError(
      'device-unavailable',
      `ONNX Runtime could not be loaded from ${options.wasmPaths ?? 'the package'}: ${messageOf(error)}`,
      { cause: error },
    );
  });
  return instance;
}

async function load({ webgpu, wasmPaths, numThreads }: OrtOptions): Promise<OrtInstance> {
  const build = 'Suspending' in WebAssembly && wasmPaths !== undefined ? 'jspi' : webgpu ? 'webgpu' : 'wasm';
  const ort = await importBuild(build);
  ort.env.wasm.numThreads = numThreads;
  ort.env.logLevel = 'error';
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  // ORT fetches and compiles its wasm with the first session, about a second: not while a checkpoint waits for it.
  const first = await ort.InferenceSession.create(IDENTITY, { executionProviders: ['wasm'] });
  await first.release();

  let tail: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  };
  return { ort, build, exclusively };
}

async function importBuild(build: OrtInstance['build']): Promise<OrtModule> {
  if (build === 'jspi') return (await import('onnxruntime-web/jspi')) as OrtModule;
  if (build === 'webgpu') return (await import('onnxruntime-web/webgpu')) as OrtModule;
  return (await import('onnxruntime-web/wasm')) as OrtModule;
}
