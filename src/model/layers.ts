/** Small compositions used by every encoder. */
import type { Graph, Value } from '../onnx/graph.ts';
import type { WeightReader } from './weight-reader.ts';

export const MICROSOFT = 'com.microsoft';

/** LayerNorm over the last axis (eps 1e-5, PyTorch's default). */
export function layerNorm(graph: Graph, weights: WeightReader, name: string, x: Value, size: number): Value {
  const scale = weights.plain(graph, `${name}.weight`, [size]);
  const bias = weights.plain(graph, `${name}.bias`, [size]);
  return graph.op('LayerNormalization', [x, scale, bias], { axis: -1, epsilon: { float: 1e-5 } });
}

/** x · sigmoid(x), as one op that both WASM and WebGPU have. */
export function silu(graph: Graph, x: Value): Value {
  return graph.op('QuickGelu', [x], { alpha: { float: 1 } }, MICROSOFT);
}

/** Log-softmax over the last axis by elementary ops: the fp32 `LogSoftmax` op would drag WebGPU graphs to the CPU. */
export function logSoftmax(graph: Graph, x: Value): Value {
  const shifted = graph.op('Sub', [x, graph.op('ReduceMax', [x], { axes: [-1], keepdims: 1 })]);
  const sum = graph.op('ReduceSum', [graph.op('Exp', [shifted]), graph.ints(-1)], { keepdims: 1 });
  return graph.op('Sub', [shifted, graph.op('Log', [sum])]);
}

/** Size of one axis as an int64 vector of length 1; shape arithmetic runs on the CPU without copies. */
export function sizeOf(graph: Graph, x: Value, axis: number): Value {
  return graph.op('Gather', [graph.op('Shape', [x]), graph.ints(axis)]);
}
