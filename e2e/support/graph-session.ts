/** Runs graphs of `src/model` on ORT's WASM in Node, for tests: a checkpoint's weights in, host tensors out. */
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { openArchive } from '../../src/archive/open-archive.ts';
import { readWeights } from '../../src/archive/read-weights.ts';
import { readYaml } from '../../src/archive/yaml.ts';
import { WeightReader } from '../../src/model/weight-reader.ts';
import { layOutWeights, streamFile } from '../../src/onnx/external-data.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { writeModel } from '../../src/onnx/proto.ts';
import { type OrtInstance, loadOrt } from '../../src/runtime/ort.ts';
import { Session } from '../../src/runtime/session.ts';

export type HostTensor = { readonly data: Float32Array | Int32Array; readonly dims: readonly number[] };

export type OpenedCheckpoint = { readonly config: unknown; readonly weights: WeightReader };

/** Config and weights of a `.nemo`. */
export async function openCheckpoint(archive: Blob): Promise<OpenedCheckpoint> {
  const files = await openArchive(archive);
  const config = await readYaml(files.get('model_config.yaml') as Blob);
  return { config, weights: new WeightReader(await readWeights(files.get('model_weights.ckpt') as Blob)) };
}

export class GraphSession {
  readonly #instance: OrtInstance;
  readonly #session: Session;

  private constructor(instance: OrtInstance, session: Session) {
    this.#instance = instance;
    this.#session = session;
  }

  /** @param device `webgpu` needs `openDawn` first; the first call of a process decides for all */
  static async create(graph: Graph, device: 'wasm' | 'webgpu' = 'wasm'): Promise<GraphSession> {
    const instance = await loadOrt({ webgpu: device === 'webgpu', numThreads: 1 });
    const layout = layOutWeights([graph], graph.name);
    const files = [];
    for (const file of layout.files) {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of streamFile(file)) chunks.push(Uint8Array.from(chunk));
      files.push({ name: file.name, data: new Blob(chunks) });
    }
    const part = { name: graph.name, model: writeModel(graph, layout.locations), files };
    return new GraphSession(instance, await Session.create(instance, part, { device }));
  }

  async run(
    feeds: Readonly<Record<string, HostTensor>>,
    fetches?: readonly string[],
  ): Promise<Record<string, HostTensor>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds)) {
      tensors[name] =
        data instanceof Int32Array
          ? new this.#instance.ort.Tensor('int32', data, [...dims])
          : new this.#instance.ort.Tensor('float32', data, [...dims]);
    }
    const results: InferenceSession.OnnxValueMapType = await this.#session.run(tensors, fetches);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, { data: tensor.data as Float32Array, dims: tensor.dims }]),
    );
  }
}
