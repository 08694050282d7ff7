/**
 * Hands out a checkpoint's tensors to the graph builders and keeps the books: what was asked for, in which shape, what was never used.
 *
 * Builders only get promises (`GraphWeight.load`); a tensor is read when its external data file is written. Values of several source
 * tensors may be combined on the way (folded batch norm, scaled projections), which is why `derive` takes a list.
 */
import { toFloat32 } from '../archive/weight-values.ts';
import { AsrError } from '../base/errors.ts';
import type { WeightRef, Weights } from '../base/files.ts';
import type { Graph, Value } from '../onnx/graph.ts';

export class WeightReader {
  readonly #weights: Weights;
  readonly #used = new Set<string>();

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** Names that start with `prefix`. */
  names(prefix: string): string[] {
    return [...this.#weights.keys()].filter((name) => name.startsWith(prefix));
  }

  /** Shape of a tensor, or an error that names it. */
  shape(name: string): readonly number[] {
    return this.#ref(name).shape;
  }

  /** Marks tensors as known though no graph needs them. */
  ignore(prefix: string): void {
    for (const name of this.names(prefix)) this.#used.add(name);
  }

  /** Reads a small tensor now. */
  async read(name: string, shape?: readonly number[]): Promise<Float32Array> {
    return toFloat32(this.#checked(name, shape));
  }

  /** A weight of the graph with the checkpoint's own values. */
  plain(graph: Graph, name: string, shape: readonly number[], dims: readonly number[] = shape): Value {
    return this.derive(graph, name, [[name, shape]], dims, ([values]) => values as Float32Array);
  }

  /**
   * A weight computed from tensors of the checkpoint.
   *
   * @param name what the result is called; equal names must mean equal values, so that graphs can share them
   * @param sources names and expected shapes; a `null` shape is not checked
   */
  derive(
    graph: Graph,
    name: string,
    sources: readonly (readonly [string, readonly number[] | null])[],
    dims: readonly number[],
    compute: (values: Float32Array[]) => Float32Array,
  ): Value {
    const refs = sources.map(([source, shape]) => this.#checked(source, shape ?? undefined));
    const load = async () => compute(await Promise.all(refs.map((ref) => toFloat32(ref))));
    return graph.weight({ name, type: 'float32', dims, load });
  }

  /** Elements of all floating-point tensors that are weights, as NeMo counts parameters (no buffers; a tied tensor has two names and counts once). */
  numParameters(): number {
    const counted = new Map<Blob, Set<number>>();
    let count = 0;
    for (const [name, { shape, storage, offset }] of this.#weights) {
      if (/^preprocessor\.|running_(mean|var)$|num_batches_tracked$|pos_enc$/.test(name)) continue;
      const offsets = counted.get(storage) ?? new Set();
      if (!offsets.has(offset)) count += shape.reduce((product, size) => product * size, 1);
      counted.set(storage, offsets.add(offset));
    }
    return count;
  }

  /** Throws when tensors are left that no graph asked for and that inference may not skip. */
  assertAllUsed(isIgnored: (name: string) => boolean): void {
    const extra = [...this.#weights.keys()].filter((name) => !this.#used.has(name) && !isIgnored(name));
    if (extra.length === 0) return;
    const shown = extra.slice(0, 3).join(', ');
    throw new AsrError(
      'checkpoint-corrupt',
      `The weights do not belong to this configuration: ${extra.length} unexpected tensors (${shown}${extra.length > 3 ? ', …' : ''}).`,
    );
  }

  #checked(name: string, shape?: readonly number[]): WeightRef {
    const ref = this.#ref(name);
    if (shape && (shape.length !== ref.shape.length || shape.some((size, axis) => size !== ref.shape[axis]))) {
      throw new AsrError(
        'checkpoint-corrupt',
        `Tensor ${name} has shape [${ref.shape.join(', ')}], but the configuration asks for [${shape.join(', ')}].`,
      );
    }
    return ref;
  }

  #ref(name: string): WeightRef {
    const ref = this.#weights.get(name);
    if (!ref)
      throw new AsrError(
        'checkpoint-corrupt',
        `Tensor ${name} is missing: the weights do not belong to this configuration.`,
      );
    this.#used.add(name);
    return ref;
  }
}
