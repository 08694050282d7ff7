/**
 * Cache-aware streaming: which checkpoints can, and how NeMo cuts the features (`ConformerEncoder.setup_streaming_params`).
 */
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { hasSubsampling } from './pre-encode.ts';
import type { ModelSpec } from './spec.ts';

export type StreamingPlan = {
  /** Feature frames of the first step, and of every later one without the cached ones. */
  readonly firstChunk: number;
  readonly chunk: number;
  /** Encoder frames at the end of every step that are there to be seen only: later steps give them again. */
  readonly lookAhead: number;
  /** Feature frames of the step before that are put in front again, so that the subsampling sees its past. */
  readonly featureCache: number;
  /** Encoder frames those produce, dropped from every step but the first. */
  readonly drop: number;
  /** Encoder frames every layer remembers. */
  readonly cachedFrames: number;
};

/** Streams step by step with caches: causal convolutions, limited context, features that need no whole utterance. */
export function isCacheAware(spec: ModelSpec): boolean {
  const { encoder, mel } = spec;
  if (encoder.kind !== 'conformer' || encoder.attention !== 'rel_pos' || encoder.convPadding[1] !== 0) return false;
  if (mel.normalize === 'per_feature' || mel.normalize === 'all_features') return false;
  if (encoder.subsampling === 'none' || encoder.reduction) return false; // NeMo has no steps for them
  return encoder.contexts.some((context) => isStreamable(encoder, context));
}

/** Contexts of the checkpoint that can be streamed. */
export function streamableContexts(spec: ModelSpec): readonly ContextSize[] {
  const { encoder } = spec;
  return encoder.kind === 'conformer' && isCacheAware(spec)
    ? encoder.contexts.filter((context) => isStreamable(encoder, context))
    : [];
}

function isStreamable(encoder: ConformerSpec, context: ContextSize): boolean {
  const [left, right] = context as [number, number];
  const isChunked = encoder.contextStyle === 'chunked_limited';
  if (left <= 0 || right < 0 || (isChunked && left % (right + 1) !== 0)) return false;
  return isChunked || encoder.contextStyle === 'regular';
}

/**
 * Chunks see each other's past only. With the style `regular` every layer looks ahead by itself, so the last layer has seen `right` frames a layer;
 * NeMo computes them all again for every frame, here for as many frames as are looked ahead, which gives the same and at most twice the work.
 */
export function streamingPlan(encoder: ConformerSpec, context: ContextSize): StreamingPlan {
  const factor = encoder.subsamplingFactor;
  const [left, right] = context as [number, number];
  const lookAhead = encoder.contextStyle === 'regular' ? right * encoder.numLayers : 0;
  const frames = lookAhead > 0 ? 2 * lookAhead : right + 1;
  const shared = { chunk: factor * frames, lookAhead, cachedFrames: left };
  return hasSubsampling(encoder)
    ? { ...shared, firstChunk: 1 + factor * (frames - 1), featureCache: factor + 1, drop: 2 }
    : { ...shared, firstChunk: shared.chunk, featureCache: 0, drop: 0 }; // stacked frames see none before them
}
