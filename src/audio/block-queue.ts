/**
 * Sound on its way from a producer that cannot wait (a microphone) to a consumer that can be late.
 *
 * Blocks are kept until they are read; after `end` the reader still gets what is queued. One reader at a time.
 */
export class BlockQueue implements AsyncIterable<Float32Array> {
  #blocks: Float32Array[] = [];
  #numSamples = 0;
  #isEnded = false;
  #wake: () => void = () => {};

  /** Samples waiting to be read. */
  get numSamples(): number {
    return this.#numSamples;
  }

  /** Adds a block; after `end` it is dropped. */
  push(block: Float32Array): void {
    if (this.#isEnded) return;
    this.#blocks.push(block);
    this.#numSamples += block.length;
    this.#wake();
  }

  /** No block follows: the reader finishes after those queued. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Float32Array> {
    for (;;) {
      const block = this.#blocks.shift();
      if (block) {
        this.#numSamples -= block.length;
        yield block;
      } else if (this.#isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
