/** NeMo's `SqueezeExcite`: channels weighted by the clip's mean. In inference the mean is over the whole clip, whatever `se_context_size` says. */
import type { Graph, Value } from '../onnx/graph.ts';
import { activate } from './activation.ts';
import type { ConvBlockSpec, ConvEncoderSpec } from './conv-encoder-spec.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

/**
 * Weighs `x` [batch, filters, time]; `name` is the module.
 *
 * @param mask [batch, 1, time], or undefined when nothing is padded; padded frames come out as zeros
 */
export function squeezeExcite(
  graph: Graph,
  weights: WeightReader,
  spec: ConvEncoderSpec,
  { filters, squeezeSize }: ConvBlockSpec,
  name: string,
  x: Value,
  mask: Value | undefined,
): Value {
  const valid = mask ? graph.op('Mul', [x, mask]) : x;
  const mean = mask
    ? graph.op('Div', [sumOverTime(graph, valid), sumOverTime(graph, mask)])
    : graph.op('ReduceMean', [valid], { axes: [-1], keepdims: 0 });
  const squeezed = linear(graph, weights, `${name}.fc.0`, mean, {
    inputSize: filters,
    outputSize: squeezeSize,
    hasBias: false,
  });
  const excited = linear(graph, weights, `${name}.fc.2`, activate(graph, spec.activation, squeezed), {
    inputSize: squeezeSize,
    outputSize: filters,
    hasBias: false,
  });
  const gates = graph.op('Unsqueeze', [graph.op('Sigmoid', [excited]), graph.ints(-1)]);
  return graph.op('Mul', [valid, gates]);
}

/** [batch, channels, time] -> [batch, channels] */
function sumOverTime(graph: Graph, x: Value): Value {
  return graph.op('ReduceSum', [x, graph.ints(-1)], { keepdims: 0 });
}
