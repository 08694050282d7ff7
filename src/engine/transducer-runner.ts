/** Predictor and joint sessions as the network a transducer decoder drives; states are rows in host memory. */
import type { JoinRow, TransducerNetwork } from '../decoding/transducer-network.ts';
import type { TransducerSpec } from '../model/transducer.ts';
import type { Tensor } from '../runtime/session.ts';
import { hostValues } from './encoder-tensors.ts';
import type { SessionSource } from './sessions.ts';

/** What one row of the prediction network remembers. */
export type PredictorState = {
  /** [jointSize], through `joint.pred` already. */
  readonly predicted: Float32Array;
  /** [layers * hiddenSize] */
  readonly hidden: Float32Array;
  /** [layers * cellSize] */
  readonly cell: Float32Array;
};

/** Encoder frames of one clip through `joint.enc`, [frames, jointSize]. */
export type ProjectedFrames = Float32Array;

/** Binds the sessions to the frames of some clips. */
export class TransducerRunner implements TransducerNetwork<PredictorState> {
  readonly #sessions: SessionSource;
  readonly #spec: TransducerSpec;
  readonly #clips: readonly ProjectedFrames[];

  constructor(sessions: SessionSource, spec: TransducerSpec, clips: readonly ProjectedFrames[]) {
    this.#sessions = sessions;
    this.#spec = spec;
    this.#clips = clips;
  }

  /** Feeds the blank to zero states, as NeMo starts (its embedding is a row of zeros). */
  start(rows: number, token = this.#spec.vocabularySize): Promise<PredictorState[]> {
    const { numLayers, hiddenSize, cellSize } = this.#spec.predictor;
    const state = {
      predicted: new Float32Array(0),
      hidden: new Float32Array(numLayers * hiddenSize),
      cell: new Float32Array(numLayers * cellSize),
    };
    return this.predict(Array<number>(rows).fill(token), Array<PredictorState>(rows).fill(state));
  }

  async predict(tokens: readonly number[], states: readonly PredictorState[]): Promise<PredictorState[]> {
    const { numLayers, hiddenSize, cellSize } = this.#spec.predictor;
    const { ort } = this.#sessions.instance;
    const rows = tokens.length;
    const session = await this.#sessions.get('predictor');
    const outputs = await session.run({
      tokens: new ort.Tensor('int32', Int32Array.from(tokens), [rows]),
      hidden: new ort.Tensor('float32', stack(states, 'hidden', numLayers, hiddenSize), [numLayers, rows, hiddenSize]),
      cell: new ort.Tensor('float32', stack(states, 'cell', numLayers, cellSize), [numLayers, rows, cellSize]),
    });
    const predicted = await hostValues(outputs['predicted'] as Tensor);
    const hidden = await hostValues(outputs['hidden_next'] as Tensor);
    const cell = await hostValues(outputs['cell_next'] as Tensor);
    const size = this.#spec.joint.hiddenSize;
    return tokens.map((_, row) => ({
      predicted: predicted.slice(row * size, (row + 1) * size),
      hidden: unstack(hidden, row, rows, numLayers, hiddenSize),
      cell: unstack(cell, row, rows, numLayers, cellSize),
    }));
  }

  async join(rows: readonly JoinRow<PredictorState>[]): Promise<Float32Array> {
    const size = this.#spec.joint.hiddenSize;
    const { ort } = this.#sessions.instance;
    const projected = new Float32Array(rows.length * size);
    const predicted = new Float32Array(rows.length * size);
    rows.forEach(({ clip, frame, state }, row) => {
      const frames = this.#clips[clip] as ProjectedFrames;
      if (frame !== undefined) projected.set(frames.subarray(frame * size, (frame + 1) * size), row * size);
      predicted.set(state.predicted, row * size);
    });
    const session = await this.#sessions.get('joint');
    const dims = [rows.length, size];
    const { logits } = await session.run({
      projected: new ort.Tensor('float32', projected, dims),
      predicted: new ort.Tensor('float32', predicted, dims),
    });
    return hostValues(logits as Tensor);
  }
}

function stack(
  states: readonly PredictorState[],
  part: 'hidden' | 'cell',
  numLayers: number,
  size: number,
): Float32Array {
  const rows = states.length;
  const data = new Float32Array(numLayers * rows * size);
  states.forEach((state, row) => {
    for (let layer = 0; layer < numLayers; layer++) {
      data.set(state[part].subarray(layer * size, (layer + 1) * size), (layer * rows + row) * size);
    }
  });
  return data;
}

function unstack(data: Float32Array, row: number, rows: number, numLayers: number, size: number): Float32Array {
  const state = new Float32Array(numLayers * size);
  for (let layer = 0; layer < numLayers; layer++) {
    const from = (layer * rows + row) * size;
    state.set(data.subarray(from, from + size), layer * size);
  }
  return state;
}
