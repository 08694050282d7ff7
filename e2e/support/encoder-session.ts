/** Runs a checkpoint's encoder as the engine does: graph, positions and masks from `src/model/encoder.ts`. */
import type { ContextSize } from '../../src/model/conformer-spec.ts';
import {
  type EncoderSpec,
  attentionContexts,
  buildEncoder,
  encodedLength,
  encoderFeeds,
  encoderPositions,
  seesPadding,
  subsamplingSpec,
  takesMasks,
} from '../../src/model/encoder.ts';
import { subsamplingFeeds } from '../../src/model/subsampling-chunks.ts';
import { isIgnoredWeight } from '../../src/model/ignored-weights.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { readEncoderSpec } from '../../src/model/spec.ts';
import { GraphSession, type HostTensor, openCheckpoint } from './graph-session.ts';
import type { NpyArray } from './npz.ts';

/** Encoder output of one clip, channels first as NeMo has it, cut to its valid frames. */
export type EncodedClip = NpyArray<Float32Array>;

export class EncoderSession {
  readonly spec: EncoderSpec;
  readonly #masked: boolean;
  readonly #subsampling: GraphSession | undefined;
  readonly #encoder: GraphSession;
  readonly #positions: GraphSession | undefined;

  private constructor(spec: EncoderSpec, masked: boolean, graphs: Map<string, GraphSession>) {
    this.spec = spec;
    this.#masked = masked;
    this.#subsampling = graphs.get('subsampling');
    this.#encoder = graphs.get('encoder')!;
    this.#positions = graphs.get('positions');
  }

  /**
   * @param masked built for padded batches
   * @param change turns the archive's spec into the one to run
   * @param create makes a session of a graph, which it may have rewritten
   */
  static async open(
    archive: Blob,
    {
      masked,
      change = (spec) => spec,
      create = (graph) => GraphSession.create(graph),
    }: {
      masked: boolean;
      change?: (spec: EncoderSpec) => EncoderSpec;
      create?: (graph: Graph) => Promise<GraphSession>;
    },
  ): Promise<EncoderSession> {
    const { config, weights } = await openCheckpoint(archive);
    const spec = change(readEncoderSpec((config as { encoder: never }).encoder));
    const graphs = buildEncoder(weights, spec, { masked });
    weights.assertAllUsed((name) => isIgnoredWeight(name) || !name.startsWith('encoder.'));
    const sessions = new Map<string, GraphSession>();
    for (const graph of graphs) sessions.set(graph.name, await create(graph));
    return new EncoderSession(spec, masked, sessions);
  }

  /** Encodes [batch, mels, columns] features, of which the first `lengths` columns are valid. */
  async encode(
    features: NpyArray<Float32Array>,
    lengths: readonly number[],
    spec: EncoderSpec = this.spec,
  ): Promise<EncodedClip[]> {
    const numFrames = seesPadding(spec) ? features.shape[2]! : Math.max(...lengths);
    const encoded = await this.encodeColumns(features, lengths, numFrames, spec);
    return lengths.map((length, clip) => clipOf(encoded, clip, encodedLength(spec, length, numFrames)));
  }

  /** The encoder's tensor [batch, frames, size] as it comes, for the first `numFrames` columns. */
  async encodeColumns(
    features: NpyArray<Float32Array>,
    lengths: readonly number[],
    numFrames: number,
    spec: EncoderSpec = this.spec,
  ): Promise<HostTensor> {
    const [batch = 0, mels = 0, columns = 0] = features.shape;
    const context = attentionContexts(spec)[0] as ContextSize;
    const kept = { data: cut(features.data, columns, numFrames), dims: [batch, mels, numFrames] };
    const feeds: Record<string, HostTensor> = {
      ...(await this.#subsampled(kept, lengths, spec)),
      ...encoderFeeds(spec, { lengths, numFrames, context }, { masked: this.#masked }),
    };
    for (const { rows, names, table } of encoderPositions(spec, numFrames, context)) {
      const data = table();
      const dims = [rows, data.length / rows];
      Object.assign(feeds, await this.#positions!.run({ position_table: { data, dims } }, names));
    }
    const { encoded } = await this.#encoder.run(feeds);
    return encoded!;
  }

  /** `subsampled`, or `features` where the encoder takes them. */
  async #subsampled(
    features: HostTensor,
    lengths: readonly number[],
    encoder: EncoderSpec,
  ): Promise<Record<string, HostTensor>> {
    const spec = subsamplingSpec(encoder);
    if (!spec || !this.#subsampling) return { features };
    const chunk = { from: 0, to: features.dims[2]! };
    const masks = takesMasks(encoder, { masked: this.#masked }) ? subsamplingFeeds(spec, lengths, chunk) : {};
    return this.#subsampling.run({ features, ...masks });
  }
}

function clipOf({ data, dims }: HostTensor, clip: number, length: number): EncodedClip {
  const [, frames = 0, size = 0] = dims;
  const result = new Float32Array(size * length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < length; column++)
      result[row * length + column] = data[(clip * frames + column) * size + row]!;
  }
  return { shape: [size, length], data: result };
}

/** The first `kept` of every row's `columns`. */
function cut(data: Float32Array, columns: number, kept: number): Float32Array {
  const rows = data.length / columns;
  const result = new Float32Array(rows * kept);
  for (let row = 0; row < rows; row++) result.set(data.subarray(row * columns, row * columns + kept), row * kept);
  return result;
}
