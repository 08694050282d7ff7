/** NeMo's `activation_registry`, in operators that stay on the GPU: the f32 `Selu` op would not, and `Gelu` is no ONNX op before opset 20. */
import type { Graph, Value } from '../onnx/graph.ts';
import { MICROSOFT, silu } from './layers.ts';

/** Names as the config spells them; `swish` and `silu` are one. */
export const ACTIVATIONS = ['identity', 'hardtanh', 'relu', 'selu', 'swish', 'silu', 'gelu'] as const;

export type Activation = (typeof ACTIVATIONS)[number];

// torch.nn.SELU's constants
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** The activation of `x`, element by element, with torch's defaults (hardtanh to [-1, 1], exact gelu). */
export function activate(graph: Graph, activation: Activation, x: Value): Value {
  switch (activation) {
    case 'identity':
      return x;
    case 'hardtanh':
      return graph.op('Clip', [x, graph.scalar(-1), graph.scalar(1)]);
    case 'relu':
      return graph.op('Relu', [x]);
    case 'selu':
      return graph.op('Mul', [graph.op('Elu', [x], { alpha: { float: SELU_ALPHA } }), graph.scalar(SELU_SCALE)]);
    case 'gelu':
      return graph.op('Gelu', [x], {}, MICROSOFT);
    default:
      return silu(graph, x);
  }
}
