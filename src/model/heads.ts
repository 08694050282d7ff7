/** Between frames [batch, frames, dModel] and attention heads [batch, heads, frames, headSize]. */
import type { Graph, Value } from '../onnx/graph.ts';

/** Sizes of an attention. */
export type HeadSizes = { readonly dModel: number; readonly numHeads: number };

/** [batch, frames, dModel] -> [batch, heads, frames, headSize] */
export function byHead(graph: Graph, x: Value, { dModel, numHeads }: HeadSizes): Value {
  return graph.op('Transpose', [graph.op('Reshape', [x, graph.ints(0, 0, numHeads, dModel / numHeads)])], {
    perm: [0, 2, 1, 3],
  });
}

/** [batch, frames, dModel] -> [batch, heads, headSize, frames], ready to be multiplied by queries. */
export function keysByHead(graph: Graph, x: Value, { dModel, numHeads }: HeadSizes): Value {
  return graph.op('Transpose', [graph.op('Reshape', [x, graph.ints(0, 0, numHeads, dModel / numHeads)])], {
    perm: [0, 2, 3, 1],
  });
}

/** [batch, heads, frames, headSize] -> [batch, frames, dModel] */
export function merged(graph: Graph, x: Value, { dModel }: HeadSizes): Value {
  return graph.op('Reshape', [graph.op('Transpose', [x], { perm: [0, 2, 1, 3] }), graph.ints(0, 0, dModel)]);
}
