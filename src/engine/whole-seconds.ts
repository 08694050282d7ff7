/**
 * How long a recording may be to be encoded in one pass under `long: 'auto'`: what its attention and its subsampling would take, beside the weights, must fit.
 *
 * What grows with the square of the length is full attention: scores of every frame against every other, several times over (`encoder-memory.ts`).
 */
import type { ContextSize } from '../model/conformer-spec.ts';
import type { EncoderSpec } from '../model/encoder.ts';
import { layerBytes, subsamplingBytes } from '../model/encoder-memory.ts';
import { encoderSegments } from '../model/encoder-segments.ts';
import { preEncodedFrames } from '../model/pre-encode.ts';
import type { Precision } from './options.ts';

export type PassBudget = {
  /** As it runs now: attention may have been changed. */
  readonly encoder: EncoderSpec;
  readonly context: ContextSize;
  /** NeMo's `subsampling_conv_chunking_factor`. */
  readonly chunkingFactor: number;
  readonly numParameters: number;
  readonly precision: Precision;
  /** Feature frames a second. */
  readonly frameRate: number;
  /** Where nothing is short of memory. */
  readonly maxSeconds: number;
  /** Memory of the device in GiB as the browser tells it, 8 at most. @default `navigator.deviceMemory`, 8 where it is not told */
  readonly deviceMemory?: number;
};

const GIB = 2 ** 30;
/** A WASM heap ends there; a failing GPU must be able to go on in one. */
const HEAP_BYTES = 4 * GIB;
/** onnxruntime itself, features, a page. */
const FIXED_BYTES = 0.4 * GIB;
/** Packed matrices leave holes. */
const WEIGHTS_FACTOR = 1.4;
const BYTES_OF_WEIGHT: Readonly<Record<Precision, number>> = { fp32: 4, fp16: 4, int8: 1.1, int4: 0.7 };
/** Windows at pauses are as long: shorter ones would not save anything. */
const MIN_SECONDS = 30;

/** Seconds, between the 30 of a window and `maxSeconds`. */
export function wholeSeconds(budget: PassBudget): number {
  const { encoder, numParameters, precision, maxSeconds, deviceMemory = toldMemory() } = budget;
  if (encoder.kind === 'conv') return maxSeconds; // linear, and little
  const heap = Math.min(HEAP_BYTES, (deviceMemory / 2) * GIB);
  const left = heap - FIXED_BYTES - WEIGHTS_FACTOR * BYTES_OF_WEIGHT[precision] * numParameters;
  let seconds = maxSeconds;
  while (seconds > MIN_SECONDS && passBytes(encoder, budget, seconds * budget.frameRate) > left) seconds -= 1;
  return seconds;
}

function passBytes(
  encoder: Exclude<EncoderSpec, { kind: 'conv' }>,
  { context, chunkingFactor }: PassBudget,
  numFrames: number,
): number {
  const core = encoder.kind === 'squeezeformer' ? encoder.core : encoder;
  const frames = preEncodedFrames(core, numFrames);
  const segments = encoder.kind === 'conformer' ? encoderSegments(core, context, frames) : [{ from: 0, to: frames }];
  const layers = Math.max(...segments.map(({ from, to }) => layerBytes(core, context, to - from)));
  return layers + subsamplingBytes(core, numFrames, chunkingFactor);
}

function toldMemory(): number {
  return (globalThis.navigator as { readonly deviceMemory?: number } | undefined)?.deviceMemory ?? 8;
}
