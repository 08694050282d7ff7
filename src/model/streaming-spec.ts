/**
 * Cache-aware streaming: which checkpoints can, and how NeMo cuts the features (`ConformerEncoder.setup_streaming_params`).
 */
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import type { ModelSpec } from './spec.ts';

export type StreamingPlan = {
  /** Feature frames of the first step, and of every later one without the cached ones. */
  readonly firstChunk: number;
  readonly chunk: number;
  /** Feature frames of the step before that are put in front again, so that the subsampling sees its past. */
  readonly featureCache: number;
  /** Encoder frames those produce, dropped from every step but the first. */
  readonly drop: number;
  /** Encoder frames every layer remembers. */
  readonly cachedFrames: number;
};

/** Streams step by step with caches: causal convolutions, limited context in chunks, features that need no whole utterance. */
export function isCacheAware(spec: ModelSpec): boolean {
  const { encoder, mel } = spec;
  if (encoder.kind !== 'conformer' || encoder.attention !== 'rel_pos' || encoder.convPadding[1] !== 0) return false;
  if (mel.normalize === 'per_feature' || mel.normalize === 'all_features') return false;
  if (encoder.subsampling !== 'dw_striding' && encoder.subsampling !== 'striding') return false;
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
  const chunked = encoder.contextStyle === 'chunked_limited' && right >= 0 && left > 0 && left % (right + 1) === 0;
  return chunked || (encoder.contextStyle === 'regular' && right === 0 && left > 0);
}

export function streamingPlan(encoder: ConformerSpec, context: ContextSize): StreamingPlan {
  const factor = encoder.subsamplingFactor;
  const [left, right] = context as [number, number];
  return {
    firstChunk: 1 + factor * right,
    chunk: factor * (right + 1),
    featureCache: factor + 1,
    drop: 2,
    cachedFrames: left,
  };
}
