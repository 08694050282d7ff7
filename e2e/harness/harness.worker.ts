/**
 * The product's worker, and beside it a look into the graphs: what they gave, where they ran, where their nodes were placed.
 *
 * One worker, and so one onnxruntime, holds all models in turn: shaders that two families share are compiled once.
 */
import { expose } from 'comlink';
import { loadModel } from '../../src/engine/load.ts';
import { measureRemote } from '../../src/engine/measure.ts';
import { deleteStored, listStored } from '../../src/engine/stored.ts';
import type { AsrWorker } from '../../src/rpc/protocol.ts';
import { serveEngine } from '../../src/rpc/serve.ts';
import { Session, type Tensor } from '../../src/runtime/session.ts';

/** An output of a run: its values, and where it lay before they were copied. */
export type RecordedTensor = {
  readonly dims: readonly number[];
  readonly data: Float32Array;
  readonly location: string;
};

/** A run of a graph. Outputs that are not float32 are left out. */
export type RecordedRun = {
  readonly graph: string;
  readonly device: 'webgpu' | 'wasm';
  readonly outputs: Readonly<Record<string, RecordedTensor>>;
};

/** What the tests ask of the worker besides the product's own calls. */
export type Probe = {
  /** Records runs of these graphs from now on, and forgets what was recorded. */
  record(graphs: readonly string[]): void;
  /** Runs since `record`. */
  recorded(): readonly RecordedRun[];
  /** From now on shaders compute a function wrong, as those of a bad driver might. */
  sabotage(name: 'exp' | 'tanh'): void;
  /** From now on a graph gives numbers on the GPU that are a tenth too small. */
  weaken(graph: string): void;
};

let wanted: ReadonlySet<string> = new Set();
let weak: string | undefined;
let runs: RecordedRun[] = [];

const probe: Probe = {
  record(graphs) {
    wanted = new Set(graphs);
    runs = [];
  },
  recorded: () => runs,
  weaken(graph) {
    weak = graph;
  },
  sabotage(name) {
    const create = GPUDevice.prototype.createShaderModule;
    const called = new RegExp(`(?<!fn )\\b${name}(?:_v)?\\(`, 'g'); // onnxruntime wraps some in functions of its own
    GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
      return create.call(this, { ...rest, code: code.replaceAll(called, '0.9 * $&') });
    };
  },
};

const run = Session.prototype.run;
Session.prototype.run = async function (feeds, fetches) {
  const results = await run.call(this, feeds, fetches);
  if (this.name === weak && this.device === 'webgpu')
    for (const tensor of Object.values(results))
      if (tensor.location === 'cpu' && tensor.type === 'float32')
        (tensor.data as Float32Array).forEach((value, index, data) => (data[index] = 0.9 * value));
  if (!wanted.has(this.name)) return results;
  const outputs: Record<string, RecordedTensor> = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (tensor.type !== 'float32') continue;
    outputs[name] = { dims: tensor.dims, data: await copyOf(tensor), location: tensor.location };
  }
  runs.push({ graph: this.name, device: this.device, outputs });
  return results;
};

/** Values without moving the tensor: `getData` would make a GPU tensor a host one, and the next graph would see that. */
async function copyOf(tensor: Tensor): Promise<Float32Array> {
  if (tensor.location === 'cpu') return (tensor.data as Float32Array).slice();
  const { env } = await import('onnxruntime-web/jspi');
  const device = await env.webgpu.device;
  const bytes = 4 * tensor.size;
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(tensor.gpuBuffer, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

expose(
  Object.assign(serveEngine({ loadModel, measureRemote, listStored, deleteStored }), probe) satisfies AsrWorker & Probe,
);
