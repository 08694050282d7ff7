/**
 * A graph that computes in float16, for GPUs with `shader-f16`: half the memory, half the traffic.
 *
 * Inputs and outputs stay float32, so graphs of both kinds can feed each other. Operators that add up many values or whose results span many
 * powers of two stay float32 (`IN_FLOAT32`), with casts around them.
 */
import { halfWeight } from './float16.ts';
import type { ElementType, Graph, GraphNode, Value } from './graph.ts';
import { type Rewriting, rewriteGraph } from './rewrite-graph.ts';

/** Norms and the parts of a log-softmax; `Sub` because builders subtract only to centre, where the digits are. */
const IN_FLOAT32: ReadonlySet<string> = new Set([
  'ArgMax',
  'Exp',
  'InstanceNormalization',
  'LayerNormalization',
  'Log',
  'ReduceMax',
  'ReduceMean',
  'ReduceSum',
  'Softmax',
  'Softplus',
  'Sqrt',
  'Sub',
]);

const ELEMENT: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
};
const FLOAT = 1; // ONNX element types
const FLOAT16 = 10;

/** A copy of `source` with float16 between its inputs and outputs. */
export function withHalfArithmetic(source: Graph): Graph {
  const types = elementTypes(source);
  const isFloat = (value: Value): boolean => types.get(value) === 'float32';
  /** Values of the source that the copy has in float16; the others are float32. */
  const halved = new Set<Value>();
  const casts = new Map<string, Value>();
  const cast = (value: Value, to: number, { graph, use }: Rewriting): Value => {
    const key = `${value}:${to}`;
    const made = casts.get(key) ?? graph.op('Cast', [use(value)], { to });
    casts.set(key, made);
    return made;
  };
  const half = (value: Value, rewriting: Rewriting): Value => {
    const weight = source.weights.get(value);
    if (weight) return halfWeight(rewriting.graph, weight);
    return halved.has(value) ? rewriting.use(value) : cast(value, FLOAT16, rewriting);
  };
  const single = (value: Value, rewriting: Rewriting): Value =>
    halved.has(value) ? cast(value, FLOAT, rewriting) : rewriting.use(value);

  return rewriteGraph(source, {
    node(node, rewriting) {
      const { graph, use } = rewriting;
      const asHalf = !IN_FLOAT32.has(node.op);
      const inputs = node.inputs.map((input) =>
        isFloat(input) ? (asHalf ? half(input, rewriting) : single(input, rewriting)) : use(input),
      );
      const attributes =
        node.op === 'Cast' && node.attributes['to'] === FLOAT ? { ...node.attributes, to: FLOAT16 } : node.attributes;
      if (asHalf) for (const output of node.outputs) if (isFloat(output)) halved.add(output);
      return graph.multi(node.op, inputs, node.outputs.length, attributes, node.domain);
    },
    output: (value, rewriting) => (isFloat(value) ? single(value, rewriting) : rewriting.use(value)),
  });
}

/** The element type of every value, for the operators that builders use. */
function elementTypes(graph: Graph): Map<Value, ElementType> {
  const types = new Map<Value, ElementType>();
  for (const { name, type } of [...graph.inputs, ...graph.weights.values(), ...graph.constants.values()])
    types.set(name, type);
  for (const node of graph.nodes) {
    const type = resultType(node, types);
    for (const output of node.outputs) types.set(output, type);
  }
  return types;
}

function resultType({ op, inputs, attributes }: GraphNode, types: ReadonlyMap<Value, ElementType>): ElementType {
  if (op === 'Shape' || op === 'ArgMax') return 'int64';
  if (op === 'Cast') return ELEMENT[attributes['to'] as number] as ElementType;
  const type = types.get(inputs[0] as Value);
  if (type === undefined) throw new Error(`${op} takes ${inputs[0]}, which nothing gave`);
  return type;
}
