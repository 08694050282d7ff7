/**
 * How long a recording may be to be encoded in one pass under `long: 'auto'`: what its attention and its subsampling would take, beside the weights, must fit.
 *
 * Attention is what grows: scores of every frame against every other, several times over (scores, positions, their shift, softmax). Measured: a
 * local-attention encoder of 4 heads takes 1.0 GB for 3750 frames, 4.5 such matrices.
 */
import { type EncoderSpec, frameFactor } from '../model/encoder.ts';
import type { Precision } from './options.ts';

export type PassBudget = {
  readonly encoder: EncoderSpec;
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
const SCORE_COPIES = 5;
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
  while (seconds > MIN_SECONDS && attentionBytes(encoder, budget.frameRate, seconds) > left) seconds -= 1;
  return seconds;
}

function attentionBytes(encoder: Exclude<EncoderSpec, { kind: 'conv' }>, frameRate: number, seconds: number): number {
  const core = encoder.kind === 'squeezeformer' ? encoder.core : encoder;
  const numFrames = (seconds * frameRate) / frameFactor(encoder);
  return SCORE_COPIES * 4 * core.numHeads * numFrames * numFrames;
}

function toldMemory(): number {
  return (globalThis.navigator as { readonly deviceMemory?: number } | undefined)?.deviceMemory ?? 8;
}
