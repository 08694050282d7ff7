/** Feature columns waiting for the next streaming step, with the columns of the step before that are fed again. */
import type { MelFeatures } from '../audio/mel.ts';

export class FeatureQueue {
  readonly #numFeatures: number;
  readonly #numCached: number;
  /** Columns, oldest first; the first `#consumed` of them were taken already and are kept as context. */
  #columns: Float32Array[] = [];
  #consumed = 0;

  /** @param numCached columns repeated in front of every chunk but the first */
  constructor(numFeatures: number, numCached: number) {
    this.#numFeatures = numFeatures;
    this.#numCached = numCached;
  }

  /** Columns not taken yet. */
  get available(): number {
    return this.#columns.length - this.#consumed;
  }

  append({ data, numFrames }: MelFeatures): void {
    for (let frame = 0; frame < numFrames; frame++) {
      const column = new Float32Array(this.#numFeatures);
      for (let row = 0; row < this.#numFeatures; row++) column[row] = data[row * numFrames + frame] as number;
      this.#columns.push(column);
    }
  }

  /**
   * The next `count` columns, [numFeatures, numFrames] row-major, with the cached ones in front when asked; the last `numKept` come again. Always as many as promised,
   * zeros where the stream is younger than the cache, as NeMo fills its buffer.
   */
  take(count: number, withCached: boolean, numKept = 0): MelFeatures {
    const numBefore = withCached ? this.#numCached : 0;
    const from = Math.max(0, this.#consumed - numBefore);
    const columns = this.#columns.slice(from, this.#consumed + count);
    const numFrames = numBefore + count;
    const firstColumn = numFrames - columns.length;
    const data = new Float32Array(this.#numFeatures * numFrames);
    columns.forEach((column, index) => {
      for (let row = 0; row < this.#numFeatures; row++)
        data[row * numFrames + firstColumn + index] = column[row] as number;
    });
    this.#consumed += count - numKept;
    const surplus = Math.max(0, this.#consumed - this.#numCached);
    this.#columns.splice(0, surplus);
    this.#consumed -= surplus;
    return { data, numFeatures: this.#numFeatures, numFrames };
  }
}
