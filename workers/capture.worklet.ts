/**
 * Runs on the audio thread: copies samples and nothing else. Anything slower here makes the sound stutter and loses samples.
 */
import { CAPTURE_PROCESSOR, type CaptureCommand, type CaptureMessage } from '../src/audio/capture-protocol.ts';

// The scope's globals, declared here because the page's types know nothing of them.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Samples of a message: 21 ms at 48 kHz, eight render quanta. */
const BLOCK_SAMPLES = 1024;

class CaptureProcessor extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK_SAMPLES);
  #held = 0;
  #isStopped = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<CaptureCommand>) => {
      if (data !== 'stop' || this.#isStopped) return;
      this.#isStopped = true;
      this.#send();
      this.port.postMessage('done' satisfies CaptureMessage);
    };
  }

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    const samples = input?.[0]; // mono: the node mixes down
    if (this.#isStopped) return false;
    if (!samples) return true;
    for (let read = 0; read < samples.length; ) {
      const part = samples.subarray(read, read + BLOCK_SAMPLES - this.#held);
      this.#block.set(part, this.#held);
      this.#held += part.length;
      read += part.length;
      if (this.#held === BLOCK_SAMPLES) this.#send();
    }
    return true;
  }

  #send(): void {
    if (this.#held === 0) return;
    const samples = this.#block.slice(0, this.#held);
    this.#held = 0;
    this.port.postMessage(samples satisfies CaptureMessage, [samples.buffer]);
  }
}

registerProcessor(CAPTURE_PROCESSOR, CaptureProcessor);
