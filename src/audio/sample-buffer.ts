/**
 * The stretch of a growing signal that someone still needs, addressed by sample number from the start of the signal.
 *
 * `samples` is larger than what it holds and changes with every `append`: read it anew each time.
 */
const INITIAL_SAMPLES = 4096;

export class SampleBuffer {
  #samples: Float32Array = new Float32Array(INITIAL_SAMPLES);
  #held = 0;
  #start = 0;

  /** `samples[0]` is sample number `start`; only the first `end - start` are meant. */
  get samples(): Float32Array {
    return this.#samples;
  }

  /** Number of the first sample held. */
  get start(): number {
    return this.#start;
  }

  /** Number of samples appended so far. */
  get end(): number {
    return this.#start + this.#held;
  }

  /** Copies samples to the end. */
  append(samples: Float32Array): void {
    if (this.#held + samples.length > this.#samples.length) {
      const larger = new Float32Array(2 * (this.#held + samples.length));
      larger.set(this.#samples.subarray(0, this.#held));
      this.#samples = larger;
    }
    this.#samples.set(samples, this.#held);
    this.#held += samples.length;
  }

  /** Forgets the samples before number `number` (those there are). */
  dropBefore(number: number): void {
    const dropped = Math.min(this.#held, number - this.#start);
    if (dropped <= 0) return;
    this.#samples.copyWithin(0, dropped, this.#held);
    this.#held -= dropped;
    this.#start += dropped;
  }
}
