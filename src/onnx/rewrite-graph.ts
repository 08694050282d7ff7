/** Copies a graph node by node, with some of its nodes or weights replaced on the way. */
import { Graph, type GraphNode, type GraphWeight, type Value } from './graph.ts';

export type Rewriting = {
  /** The copy, to which replacements add their nodes. */
  readonly graph: Graph;
  /** The copy's name of a value of the source: an input, a constant, a weight, or what a node gave. */
  use(value: Value): Value;
};

export type Replacements = {
  /** Values that stand for a node's outputs, or undefined to keep the node as it is. */
  node(node: GraphNode, rewriting: Rewriting): readonly Value[] | undefined;
  /** The value that stands for a weight of the source where a kept node wants it. @default the weight itself */
  weight?(weight: GraphWeight, rewriting: Rewriting): Value;
  /** The value that becomes an output of the graph. @default as `use` gives it */
  output?(value: Value, rewriting: Rewriting): Value;
};

/** `source` with replacements; names of inputs and outputs, their types and shapes stay, so nobody who runs it can tell. */
export function rewriteGraph(source: Graph, replace: Replacements): Graph {
  const graph = new Graph(source.name);
  const values = new Map<Value, Value>([['', '']]); // an omitted input stays omitted
  for (const { name, type, dims } of source.inputs) values.set(name, graph.input(name, type, dims));
  for (const [name, constant] of source.constants) graph.constants.set(name, constant);

  const use = (value: Value): Value => {
    const known = values.get(value);
    if (known !== undefined) return known;
    const weight = source.weights.get(value);
    const taken = weight ? (replace.weight?.(weight, rewriting) ?? graph.weight(weight)) : value;
    values.set(value, taken);
    return taken;
  };
  const rewriting = { graph, use };
  const ports = new Map(source.outputs.map((port) => [port.name, port]));

  for (const node of source.nodes) {
    const port = ports.get(node.outputs[0] as Value);
    if (port) {
      const value = node.inputs[0] as Value;
      graph.output(port.name, replace.output?.(value, rewriting) ?? use(value), port.type, port.dims);
      continue;
    }
    const outputs = replace.node(node, rewriting) ?? copyNode(node, rewriting);
    node.outputs.forEach((output, index) => values.set(output, outputs[index] as Value));
  }
  return graph;
}

function copyNode({ op, inputs, outputs, attributes, domain }: GraphNode, { graph, use }: Rewriting): Value[] {
  return graph.multi(op, inputs.map(use), outputs.length, attributes, domain);
}
