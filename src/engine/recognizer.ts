/** The streaming engines behind one interface: cache-aware and buffered. */
import type { Hypothesis } from '../base/hypothesis.ts';

/** What a streaming engine does with samples at the model's rate. Updates are delivered through the callback given to its constructor. */
export interface Recognizer {
  accept(samples: Float32Array): Promise<void>;
  finish(): Promise<Hypothesis>;
  dispose(): void;
}
