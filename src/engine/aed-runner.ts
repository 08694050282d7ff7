/**
 * The attention decoder's sessions as the network its search drives.
 *
 * Keys and values stay where they were made, GPU or WASM. Every cache begins with one column that is always masked, because a tensor without a
 * single element cannot be handed to a GPU.
 */
import type { AedNetwork, AedStep } from '../decoding/aed-network.ts';
import { cacheNames, crossNames, nextCacheNames } from '../model/transformer-decoder.ts';
import type { AedSpec } from '../model/transformer-decoder-spec.ts';
import type { Tensor } from '../runtime/session.ts';
import type { Encoded } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { SessionSource } from './sessions.ts';

/** What the decoder attends to, for clips that decode in step. */
export type CrossMemory = {
  /** `cross_keys_<layer>` [clips, heads, headSize, frames] and `cross_values_<layer>` [clips, heads, frames, headSize]. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Valid frames of every clip. */
  readonly lengths: readonly number[];
  readonly numFrames: number;
};

/** Keys and values of all rows. */
export type DecoderCache = {
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Tokens in it. */
  readonly numTokens: number;
};

/** NeMo's NEG_INF: after the softmax it is exactly nothing. */
const MASKED = -10_000;

/** Encoder output to the decoder's keys and values, kept on the device. */
export async function createCrossMemory(
  sessions: SessionSource,
  spec: AedSpec,
  { tensor, lengths }: Encoded,
): Promise<CrossMemory> {
  const numFrames = tensor.dims[1] as number;
  const session = await sessions.get('cross');
  const mask = spec.encoder ? { mask: paddingMask(sessions, lengths, numFrames, numFrames) } : {};
  const tensors = await session.run({ encoded: tensor, ...mask }, allLayers(spec, crossNames));
  return { tensors, lengths, numFrames };
}

/** Several memories as one, padded, where they lie in host memory; on a GPU each is decoded by itself. */
export async function joinCrossMemories(
  sessions: SessionSource,
  memories: readonly CrossMemory[],
): Promise<CrossMemory[]> {
  const [first] = memories;
  if (!first || memories.length === 1 || Object.values(first.tensors).some((tensor) => tensor.location !== 'cpu'))
    return [...memories];
  const { ort } = sessions.instance;
  const numFrames = Math.max(...memories.map((memory) => memory.numFrames));
  const lengths = memories.flatMap((memory) => memory.lengths);
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dims }] of Object.entries(first.tensors)) {
    // Frames come last in keys and before the head's size in values.
    const frameAxis = name.startsWith('cross_keys') ? 3 : 2;
    const inner = frameAxis === 3 ? 1 : (dims[3] as number);
    const joined = dims.map((size, axis) => (axis === 0 ? lengths.length : axis === frameAxis ? numFrames : size));
    const data = new Float32Array(joined.reduce((product, size) => product * size, 1));
    let block = 0; // a run of frames
    for (const memory of memories) {
      const values = await hostValues(memory.tensors[name] as Tensor);
      const size = memory.numFrames * inner;
      for (let from = 0; from < values.length; from += size)
        data.set(values.subarray(from, from + size), block++ * numFrames * inner);
    }
    tensors[name] = new ort.Tensor('float32', data, joined);
  }
  return [{ tensors, lengths, numFrames }];
}

/** Frees a memory; on WASM there is nothing to free. */
export function releaseCrossMemory({ tensors }: CrossMemory): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

/** Binds the sessions to a memory. */
export class AedRunner implements AedNetwork<DecoderCache> {
  readonly #sessions: SessionSource;
  readonly #spec: AedSpec;
  readonly #memory: CrossMemory;

  constructor(sessions: SessionSource, spec: AedSpec, memory: CrossMemory) {
    this.#sessions = sessions;
    this.#spec = spec;
    this.#memory = memory;
  }

  start(prompts: readonly (readonly number[])[]): Promise<AedStep<DecoderCache>> {
    const last = (prompts[0] as readonly number[]).length - 1;
    return this.#run(this.#emptyCache(prompts.length), prompts, {
      parents: prompts.map((_, row) => row),
      wanted: [last],
    });
  }

  async step(
    state: DecoderCache,
    tokens: readonly number[],
    parents: readonly number[],
  ): Promise<AedStep<DecoderCache>> {
    const next = await this.#run(
      state,
      tokens.map((token) => [token]),
      { parents, wanted: [0] },
    );
    this.release(state);
    return next;
  }

  release({ tensors }: DecoderCache): void {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }

  /** Log-probabilities [clips, tokens, classes] of what follows each token of given texts of equal length, one a clip (teacher forcing). */
  async score(texts: readonly (readonly number[])[]): Promise<Float32Array> {
    const wanted = (texts[0] as readonly number[]).map((_, index) => index);
    const { logProbs, state } = await this.#run(this.#emptyCache(texts.length), texts, {
      parents: texts.map((_, row) => row),
      wanted,
    });
    this.release(state);
    return logProbs;
  }

  async #run(
    { tensors, numTokens }: DecoderCache,
    rows: readonly (readonly number[])[],
    { parents, wanted }: { readonly parents: readonly number[]; readonly wanted: readonly number[] },
  ): Promise<AedStep<DecoderCache>> {
    const { lengths, numFrames, tensors: memory } = this.#memory;
    const numNew = (rows[0] as readonly number[]).length;
    const total = 1 + numTokens + numNew;
    const int32 = (values: readonly number[], dims: number[]): Tensor =>
      new this.#sessions.instance.ort.Tensor('int32', Int32Array.from(values), dims);
    const session = await this.#sessions.get('decoder_step');
    const outputs = await session.run({
      tokens: int32(rows.flat(), [rows.length, numNew]),
      positions: int32(
        Array.from({ length: numNew }, (_, index) => numTokens + index),
        [numNew],
      ),
      parents: int32(parents, [rows.length]),
      wanted: int32(wanted, [wanted.length]),
      self_mask: new this.#sessions.instance.ort.Tensor('float32', causalMask(numNew, total), [1, 1, numNew, total]),
      cross_mask: paddingMask(this.#sessions, lengths, (rows.length / lengths.length) * numNew, numFrames),
      ...tensors,
      ...memory,
    });
    const { log_probs: scored, ...rest } = outputs;
    const logProbs = await hostValues(scored as Tensor);
    const next: Record<string, Tensor> = {};
    for (let layer = 0; layer < this.#spec.decoder.numLayers; layer++) {
      const names = cacheNames(layer);
      nextCacheNames(layer).forEach((name, index) => {
        next[names[index] as string] = rest[name] as Tensor;
      });
    }
    return { logProbs, state: { tensors: next, numTokens: numTokens + numNew } };
  }

  #emptyCache(numRows: number): DecoderCache {
    const { hiddenSize } = this.#spec.decoder;
    const empty = (): Tensor =>
      new this.#sessions.instance.ort.Tensor('float32', new Float32Array(numRows * hiddenSize), [
        numRows,
        1,
        hiddenSize,
      ]);
    return {
      tensors: Object.fromEntries(allLayers(this.#spec, cacheNames).map((name) => [name, empty()])),
      numTokens: 0,
    };
  }
}

function allLayers({ decoder }: AedSpec, names: (layer: number) => readonly [string, string]): string[] {
  return Array.from({ length: decoder.numLayers }, (_, layer) => names(layer)).flat();
}

/** New tokens see the cached ones, themselves and those before; nobody sees the first column. */
function causalMask(numNew: number, total: number): Float32Array {
  const mask = new Float32Array(numNew * total);
  for (let query = 0; query < numNew; query++) {
    mask[query * total] = MASKED;
    mask.fill(MASKED, query * total + total - numNew + query + 1, (query + 1) * total);
  }
  return mask;
}

/** [clips, 1, numQueries, numFrames]: no query sees the padding of its clip. */
function paddingMask(
  { instance }: SessionSource,
  lengths: readonly number[],
  numQueries: number,
  numFrames: number,
): Tensor {
  const mask = new Float32Array(lengths.length * numQueries * numFrames);
  lengths.forEach((length, clip) => {
    for (let query = 0; query < numQueries; query++) {
      const row = (clip * numQueries + query) * numFrames;
      mask.fill(MASKED, row + length, row + numFrames);
    }
  });
  return new instance.ort.Tensor('float32', mask, [lengths.length, 1, numQueries, numFrames]);
}
