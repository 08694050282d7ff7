/** Masks and positions of a `SqueezeformerEncoder`; its lengths are those of a Conformer. */
import { conformerFeeds, conformerFrames, conformerPositions } from './conformer-feeds.ts';
import type { ContextSize } from './conformer-spec.ts';
import type { EncoderBatch, Feed, FloatFeed, PositionInputs } from './feeds.ts';
import { positionName, positionTable } from './positions.ts';
import { hasReducedTime, isReducedLayer } from './squeezeformer.ts';
import type { SqueezeformerSpec } from './squeezeformer-spec.ts';

/** The Conformer's masks, and every second frame of them for the layers on half the frames. */
export function squeezeformerFeeds(
  spec: SqueezeformerSpec,
  batch: EncoderBatch,
  options: { readonly masked: boolean },
): Record<string, Feed> {
  const feeds = conformerFeeds(spec.core, batch, { ...options, blocks: false });
  if (!hasReducedTime(spec)) return feeds;
  const { frame_mask: frames, attention_mask: attention } = feeds;
  if (frames) feeds['frame_mask_reduced'] = everySecond(frames as FloatFeed, [1]);
  if (attention) feeds['attention_mask_reduced'] = everySecond(attention as FloatFeed, [2, 3]);
  return feeds;
}

/** Positions of the layers on all frames, and of those on half. */
export function squeezeformerPositions(
  spec: SqueezeformerSpec,
  numFrames: number,
  context: ContextSize,
): PositionInputs[] {
  const whole = conformerPositions(spec.core, numFrames, context);
  if (!hasReducedTime(spec)) return whole;
  const { core } = spec;
  const frames = Math.ceil(conformerFrames(core, numFrames).before / 2);
  const names = Array.from({ length: core.numLayers }, (_, layer) => layer);
  const named = (isReduced: boolean) =>
    names.filter((layer) => isReducedLayer(spec, layer) === isReduced).map(positionName);
  return [
    { ...(whole[0] as PositionInputs), names: named(false) },
    {
      key: `${frames}/reduced`,
      rows: 2 * frames,
      names: named(true),
      table: () => positionTable(2 * frames, frames, core.dModel),
    },
  ];
}

/** Entries with even indices along the given axes. */
function everySecond({ data, dims }: FloatFeed, axes: readonly number[]): FloatFeed {
  const kept = dims.map((size, axis) => (axes.includes(axis) ? Math.ceil(size / 2) : size));
  const result = new Float32Array(kept.reduce((product, size) => product * size, 1));
  for (let at = 0; at < result.length; at++) {
    let [rest, source, stride] = [at, 0, 1];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const index = rest % (kept[axis] as number);
      rest = Math.floor(rest / (kept[axis] as number));
      source += index * (axes.includes(axis) ? 2 : 1) * stride;
      stride *= dims[axis] as number;
    }
    result[at] = data[source] as number;
  }
  return { data: result, dims: kept };
}
