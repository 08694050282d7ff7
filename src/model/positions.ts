/**
 * Relative positions of the Conformer, projected outside the encoder.
 *
 * `linear_pos · sinusoid` depends on the number of frames only, so it is a graph of its own whose outputs, one [heads, headSize, rows] tensor
 * a layer, are inputs of the encoder and are kept for the next clip of the same length (NeMo: `RelPositionalEncoding`, `linear_pos`).
 */
import { Graph } from '../onnx/graph.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { linearWeight } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

/** Name of the encoder input that carries layer `layer`'s positions. */
export function positionName(layer: number): string {
  return `position_${layer}`;
}

/** Graph: `position_table` [rows, dModel] -> `position_<layer>` [heads, headSize, rows]. */
export function buildPositions(weights: WeightReader, spec: ConformerSpec): Graph {
  const graph = new Graph('positions');
  const { dModel, numHeads, numLayers } = spec;
  const table = graph.input('position_table', 'float32', ['rows', dModel]);
  for (let layer = 0; layer < numLayers; layer++) {
    const weight = linearWeight(graph, weights, `encoder.layers.${layer}.self_attn.linear_pos`, {
      inputSize: dModel,
      outputSize: dModel,
      hasBias: false,
    });
    const heads = graph.op('Reshape', [
      graph.op('MatMul', [table, weight]),
      graph.ints(0, numHeads, dModel / numHeads),
    ]);
    graph.output(positionName(layer), graph.op('Transpose', [heads], { perm: [1, 2, 0] }), 'float32', [
      numHeads,
      dModel / numHeads,
      'rows',
    ]);
  }
  return graph;
}

/**
 * Sinusoids for queries that see keys, `rows` of both together: the relative positions first, first - 1, …, where `first` is the last query's
 * distance from the first key, and one. The first row is never seen; it makes the relative shift a plain slice (see `relativeShift`).
 */
export function positionTable(rows: number, first: number, dModel: number): Float32Array {
  return sinusoids(rows, dModel, (row) => first - row);
}

/**
 * The same for local attention with `context` [left, right], where NeMo aligns positions with a window of the larger of the two on both sides:
 * with unequal contexts frames get the position of another distance, or none.
 */
export function localPositionTable(
  rows: number,
  first: number,
  dModel: number,
  [left, right]: readonly [number, number],
): Float32Array {
  const window = Math.max(left, right);
  return sinusoids(rows, dModel, (row) => {
    const distance = first - row;
    if (distance > window - left) return distance - (window - left);
    return distance <= right - window ? distance + (window - right) : undefined;
  });
}

/** Rows [rows, dModel] of sinusoids at `positionOf(row)`; zeros where it is undefined. */
export function sinusoids(rows: number, dModel: number, positionOf: (row: number) => number | undefined): Float32Array {
  const table = new Float32Array(rows * dModel);
  // NeMo computes frequencies in float32; so do we, or long clips drift apart.
  const step = Math.fround(-Math.log(10000) / dModel);
  for (let pair = 0; pair < dModel / 2; pair++) {
    const frequency = Math.fround(Math.exp(Math.fround(2 * pair * step)));
    for (let row = 0; row < rows; row++) {
      const position = positionOf(row);
      if (position === undefined) continue;
      const angle = Math.fround(position * frequency);
      table[row * dModel + 2 * pair] = Math.sin(angle);
      table[row * dModel + 2 * pair + 1] = Math.cos(angle);
    }
  }
  return table;
}
