/**
 * The encoder as the engine sees it, whatever its family: graphs to build, lengths, and the inputs that accompany the features.
 *
 * Building needs weights and happens once; everything else needs the spec only, because a checkpoint that comes from the store is run
 * without being converted again. What a newcomer would get wrong: some encoders *see* NeMo's padding (`seesPadding`).
 */
import type { Graph } from '../onnx/graph.ts';
import { isUnlimited } from './attention-mask.ts';
import { conformerEncodedLength, conformerFeeds, conformerPositions, hasLimitedContext } from './conformer-feeds.ts';
import { buildConformer } from './conformer.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { buildConvEncoder } from './conv-encoder.ts';
import type { ConvEncoderSpec } from './conv-encoder-spec.ts';
import { convEncodedLength, convFeeds } from './conv-feeds.ts';
import type { EncoderBatch, Feed, PositionInputs } from './feeds.ts';
import { buildPositions, positionName } from './positions.ts';
import { buildSubsampling, hasSubsampling } from './pre-encode.ts';
import { squeezeformerFeeds, squeezeformerPositions } from './squeezeformer-feeds.ts';
import { buildSqueezeformer } from './squeezeformer.ts';
import type { SqueezeformerSpec } from './squeezeformer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

export type { EncoderBatch, Feed, PositionInputs } from './feeds.ts';

export type EncoderSpec = ConformerSpec | ConvEncoderSpec | SqueezeformerSpec;

/** The `encoder` graph, and `subsampling` and `positions` where the family has them. */
export function buildEncoder(
  weights: WeightReader,
  spec: EncoderSpec,
  { masked }: { readonly masked: boolean },
): Graph[] {
  const withMasks = takesMasks(spec, { masked });
  if (spec.kind === 'conv') return [buildConvEncoder(weights, spec, { masked: withMasks })];
  const core = coreOf(spec);
  const options = { masked: withMasks, limitedContext: hasLimitedContext(core) };
  const encoder =
    spec.kind === 'conformer' ? buildConformer(weights, spec, options) : buildSqueezeformer(weights, spec, options);
  const subsampling = hasSubsampling(core) ? [buildSubsampling(weights, core, { masked: withMasks })] : [];
  return [...subsampling, encoder, ...(hasPositions(spec) ? [buildPositions(weights, core)] : [])];
}

/** What the graph `subsampling` is built and fed by; undefined where there is none, and the encoder takes features. */
export function subsamplingSpec(spec: EncoderSpec): ConformerSpec | undefined {
  return spec.kind !== 'conv' && hasSubsampling(coreOf(spec)) ? coreOf(spec) : undefined;
}

function coreOf(spec: ConformerSpec | SqueezeformerSpec): ConformerSpec {
  return spec.kind === 'squeezeformer' ? spec.core : spec;
}

/**
 * Encoder frames for a clip of `length` feature frames.
 *
 * @param numFrames columns of the feature tensor it is in; matters only where `seesPadding`
 */
export function encodedLength(spec: EncoderSpec, length: number, numFrames: number = length): number {
  return spec.kind === 'conv'
    ? convEncodedLength(spec, length, numFrames)
    : conformerEncodedLength(coreOf(spec), length, numFrames);
}

/** Feature frames an encoder frame stands for (NeMo's `subsampling_factor`). */
export function frameFactor(spec: EncoderSpec): number {
  return spec.kind === 'conv'
    ? spec.blocks.reduce((factor, block) => factor * block.stride, 1)
    : coreOf(spec).subsamplingFactor;
}

/**
 * True when results depend on what NeMo pads behind a clip: no `conv_mask`, norms whose statistics run over time, or
 * stacked frames, whose number comes from the tensor; or a head that pools over padding.
 *
 * The features must then keep the padding column NeMo's front end gives (one, none with `exact_pad`), with its `pad_value`; and in a batch such an
 * encoder gives other numbers than clip by clip, in NeMo as here. Its graphs take masks even for one clip.
 */
export function seesPadding(spec: EncoderSpec): boolean {
  if (spec.kind === 'conv') return !spec.convMask || spec.norm !== 'batch' || spec.paddingMatters;
  const { convNorm, subsampling } = coreOf(spec);
  return convNorm.startsWith('group_norm') || convNorm === 'instance_norm' || subsampling.startsWith('stacking');
}

/** Attention contexts the encoder offers, the default first; one unlimited one for encoders without attention. */
export function attentionContexts(spec: EncoderSpec): readonly ContextSize[] {
  return spec.kind === 'conv' ? [[-1, -1]] : coreOf(spec).contexts;
}

/**
 * The context that is meant by a size, as NeMo's `set_default_att_context_size` takes it: one that the encoder offers, or any `[left, chunk, right]`
 * where frames see their own chunk and what is around it (`chunked_limited_with_rc`). Undefined for others, with which NeMo runs and warns.
 */
export function contextOfSize(spec: EncoderSpec, size: readonly number[]): ContextSize | undefined {
  const offered = attentionContexts(spec).find((context) => context.join() === size.join());
  if (offered || spec.kind !== 'conformer' || spec.contextStyle !== 'chunked_limited_with_rc') return offered;
  const [left = -1, chunk = 0, right = -1] = size;
  const isChunk = size.length === 3 && size.every(Number.isInteger) && left >= 0 && chunk >= 1 && right >= 0;
  return isChunk ? [left, chunk, right] : undefined;
}

/** Whether an encoder that was built for full attention needs the graph with masks for a context. */
export function needsMask(spec: EncoderSpec, context: ContextSize): boolean {
  return spec.kind === 'conformer' && !hasLimitedContext(spec) && !isUnlimited(context);
}

/** Masks for a batch, by input name. */
export function encoderFeeds(
  spec: EncoderSpec,
  batch: EncoderBatch,
  { masked }: { readonly masked: boolean },
): Record<string, Feed> {
  const withMasks = takesMasks(spec, { masked });
  if (spec.kind === 'conv') return withMasks ? convFeeds(spec, batch) : {};
  return spec.kind === 'conformer'
    ? conformerFeeds(spec, batch, { masked: withMasks })
    : squeezeformerFeeds(spec, batch, { masked: withMasks });
}

/** True when the graphs take masks: those built for batches, and all of an encoder that sees padding. */
export function takesMasks(spec: EncoderSpec, { masked }: { readonly masked: boolean }): boolean {
  return masked || seesPadding(spec);
}

/** True when `buildEncoder` gives a `positions` graph. */
export function hasPositions(spec: EncoderSpec): boolean {
  return spec.kind !== 'conv' && coreOf(spec).attention !== 'abs_pos';
}

/** Outputs of the `positions` graph. */
export function positionNames(spec: EncoderSpec): readonly string[] {
  if (spec.kind === 'conv' || !hasPositions(spec)) return [];
  return Array.from({ length: coreOf(spec).numLayers }, (_, layer) => positionName(layer));
}

/** The `position_<layer>` inputs of a batch of `numFrames` feature columns; empty when there is no `positions` graph. */
export function encoderPositions(spec: EncoderSpec, numFrames: number, context: ContextSize): PositionInputs[] {
  if (spec.kind === 'conv' || !hasPositions(spec)) return [];
  return spec.kind === 'conformer'
    ? conformerPositions(spec, numFrames, context)
    : squeezeformerPositions(spec, numFrames, context);
}
