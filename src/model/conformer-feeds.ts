/** Lengths, masks and positions of a `ConformerEncoder`. */
import { attentionBlocks, blockFeeds, hasBlocks } from './attention-blocks.ts';
import { blockMask, isUnlimited } from './attention-mask.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';
import { type EncoderBatch, type Feed, type PositionInputs, frameMask, stageMasks } from './feeds.ts';
import { globalTokenFeeds } from './global-attention.ts';
import { localPositionTable, positionName, positionTable, sinusoids } from './positions.ts';
import { preEncodedFrames, preEncodedLength } from './pre-encode.ts';
import { reducedFrames, reducedLengths } from './reduction.ts';

/** Encoder frames for a clip of `length` feature frames in a tensor of `numFrames` columns. */
export function conformerEncodedLength(spec: ConformerSpec, length: number, numFrames: number): number {
  const frames = preEncodedLength(spec, length, numFrames);
  return spec.reduction ? (reducedLengths(spec, spec.reduction, frames).at(-1) as number) : frames;
}

/** Frames the layers before the reduction work on, and those after it. */
export function conformerFrames(
  spec: ConformerSpec,
  numFrames: number,
): { readonly before: number; readonly after: number } {
  const before = preEncodedFrames(spec, numFrames);
  return { before, after: spec.reduction ? reducedFrames(spec, spec.reduction, before) : before };
}

/** True when layers run on reduced frames. */
export function hasReducedLayers({ reduction, numLayers }: ConformerSpec): boolean {
  return reduction !== undefined && reduction.position >= 0 && reduction.position < numLayers - 1;
}

/** True when the encoder graph always takes an attention mask. */
export function hasLimitedContext(spec: ConformerSpec): boolean {
  return !spec.contexts.every(isUnlimited);
}

/**
 * Masks for a batch: nothing for one clip with full context in an encoder built without `masked`.
 *
 * @param options.blocks whether the graph takes attention blocks
 */
export function conformerFeeds(
  spec: ConformerSpec,
  batch: EncoderBatch,
  { masked, blocks = hasBlocks(spec, { masked }) }: { readonly masked: boolean; readonly blocks?: boolean },
): Record<string, Feed> {
  const { lengths, numFrames, context } = batch;
  const feeds: Record<string, Feed> = {};
  const { before, after } = conformerFrames(spec, numFrames);
  const valid = lengths.map((length) => preEncodedLength(spec, length, numFrames));
  const reduced = valid.map((frames) => (spec.reduction ? reducedLengths(spec, spec.reduction, frames) : [frames]));
  const reducedValid = reduced.map((stages) => stages.at(-1) as number);

  if (masked) {
    feeds['frame_mask'] = { data: frameMask(valid, before), dims: [lengths.length, before, 1] };
    if (spec.reduction?.kind === 'striding')
      Object.assign(feeds, stageMasks('reduction_mask', reduced, reducedLengths(spec, spec.reduction, before)));
    if (hasReducedLayers(spec))
      feeds['frame_mask_reduced'] = { data: frameMask(reducedValid, after), dims: [lengths.length, after, 1] };
  }
  if (masked || hasLimitedContext(spec)) {
    feeds['attention_mask'] = batchMask(spec, context, valid, before);
    if (hasReducedLayers(spec)) feeds['attention_mask_reduced'] = batchMask(spec, context, reducedValid, after);
  }
  if (blocks) {
    Object.assign(feeds, blockFeeds(attentionBlocks(spec, context, before), before, ''));
    if (hasReducedLayers(spec))
      Object.assign(feeds, blockFeeds(attentionBlocks(spec, context, after), after, '_reduced'));
  }
  if (spec.attention === 'abs_pos')
    feeds['absolute_positions'] = {
      data: sinusoids(before, spec.dModel, (row) => row),
      dims: [1, before, spec.dModel],
    };
  return { ...feeds, ...globalTokenFeeds(spec, before, valid) };
}

function batchMask(spec: ConformerSpec, context: ContextSize, valid: readonly number[], frames: number): Feed {
  const blocks = attentionBlocks(spec, context, frames);
  const { count, size, span } = blocks;
  const area = count * size * span;
  const data = new Float32Array(valid.length * area);
  valid.forEach((numValidKeys, clip) =>
    blockMask(spec, context, blocks, numValidKeys, data.subarray(clip * area, (clip + 1) * area)),
  );
  return { data, dims: [valid.length * count, 1, size, span] };
}

/** Positions of the layers before the reduction, and of those after it. */
export function conformerPositions(spec: ConformerSpec, numFrames: number, context: ContextSize): PositionInputs[] {
  const { numLayers, dModel, reduction, attention } = spec;
  const { before, after } = conformerFrames(spec, numFrames);
  const last = hasReducedLayers(spec) && reduction ? reduction.position + 1 : numLayers;
  const names = Array.from({ length: numLayers }, (_, layer) => positionName(layer));
  const [left, right] = [context[0] as number, context.at(-1) as number];
  const isShifted = attention === 'rel_pos_local_attn' && left !== right && left >= 0 && right >= 0;
  const inputs = (frames: number, ofLayers: string[]): PositionInputs => {
    const blocks = attentionBlocks(spec, context, frames);
    const rows = blocks.size + blocks.span;
    const first = blocks.size + blocks.left;
    return {
      key: isShifted ? `${first}/${rows}/${left}/${right}` : `${first}/${rows}`,
      rows,
      names: ofLayers,
      table: () =>
        isShifted ? localPositionTable(rows, first, dModel, [left, right]) : positionTable(rows, first, dModel),
    };
  };
  return last === numLayers
    ? [inputs(before, names)]
    : [inputs(before, names.slice(0, last)), inputs(after, names.slice(last))];
}
