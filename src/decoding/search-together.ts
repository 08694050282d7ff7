/**
 * Runs one search a clip at the same time, with their network calls gathered into batches.
 *
 * A search is written for one clip, which keeps it readable and its result free of its neighbours. It must await each call before the next:
 * a batch goes out when every running search waits.
 */
import type { JoinRow, TransducerNetwork } from './transducer-network.ts';

export async function searchTogether<State, Result>(
  network: TransducerNetwork<State>,
  numClips: number,
  search: (network: TransducerNetwork<State>, clip: number) => Promise<Result>,
): Promise<Result[]> {
  const gathering = new GatheringNetwork(network, numClips);
  return Promise.all(
    Array.from({ length: numClips }, (_, clip) => search(gathering, clip).finally(() => gathering.leave())),
  );
}

type Waiting<Argument, Result> = {
  readonly argument: Argument;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

type PredictCall<State> = { readonly tokens: readonly number[]; readonly states: readonly State[] };

class GatheringNetwork<State> implements TransducerNetwork<State> {
  readonly #network: TransducerNetwork<State>;
  #running: number;
  /** The state before the first token, the same for all clips. */
  #first: Promise<State[]> | undefined;
  #joins: Waiting<readonly JoinRow<State>[], Float32Array>[] = [];
  #predictions: Waiting<PredictCall<State>, State[]>[] = [];

  constructor(network: TransducerNetwork<State>, running: number) {
    this.#network = network;
    this.#running = running;
  }

  async start(rows: number): Promise<State[]> {
    this.#first ??= this.#network.start(1);
    const [state] = await this.#first;
    return Array<State>(rows).fill(state!);
  }

  predict(tokens: readonly number[], states: readonly State[]): Promise<State[]> {
    return new Promise((resolve, reject) => {
      this.#predictions.push({ argument: { tokens, states }, resolve, reject });
      this.#flushWhenAllWait();
    });
  }

  join(rows: readonly JoinRow<State>[]): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#joins.push({ argument: rows, resolve, reject });
      this.#flushWhenAllWait();
    });
  }

  leave(): void {
    this.#running--;
    this.#flushWhenAllWait();
  }

  #flushWhenAllWait(): void {
    if (this.#joins.length + this.#predictions.length < this.#running) return;
    const joins = this.#joins;
    const predictions = this.#predictions;
    this.#joins = [];
    this.#predictions = [];
    void this.#run(joins, predictions);
  }

  /** One batch of each kind, one after the other: a session must not run twice at once. */
  async #run(
    joins: readonly Waiting<readonly JoinRow<State>[], Float32Array>[],
    predictions: readonly Waiting<PredictCall<State>, State[]>[],
  ): Promise<void> {
    try {
      const states = await this.#predictAll(predictions.map(({ argument }) => argument));
      const logits = await this.#joinAll(joins.map(({ argument }) => argument));
      // Settled together, so that every search is waiting again before the next batch is counted.
      predictions.forEach(({ resolve }, index) => resolve(states[index]!));
      joins.forEach(({ resolve }, index) => resolve(logits[index]!));
    } catch (error) {
      for (const { reject } of [...joins, ...predictions]) reject(error);
    }
  }

  async #predictAll(calls: readonly PredictCall<State>[]): Promise<State[][]> {
    if (calls.length === 0) return [];
    const states = await this.#network.predict(
      calls.flatMap(({ tokens }) => tokens),
      calls.flatMap((call) => call.states),
    );
    let end = 0;
    return calls.map(({ tokens }) => {
      end += tokens.length;
      return states.slice(end - tokens.length, end);
    });
  }

  async #joinAll(calls: readonly (readonly JoinRow<State>[])[]): Promise<Float32Array[]> {
    if (calls.length === 0) return [];
    const rows = calls.flat();
    const logits = await this.#network.join(rows);
    const width = logits.length / rows.length;
    let end = 0;
    return calls.map((call) => {
      end += call.length * width;
      return logits.subarray(end - call.length * width, end);
    });
  }
}
