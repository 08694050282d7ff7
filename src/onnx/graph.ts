/**
 * An ONNX graph under construction: nodes and *references* to weights.
 *
 * Weights are promises to load, never values: they are written as external data one at a time (`external-data.ts`), so the largest tensor
 * bounds the memory. A `Value` is just the name of an edge; every method returns it so that builders read like the mathematics.
 */
export type Value = string;

export type ElementType = 'float32' | 'int32' | 'int64' | 'bool' | 'int8' | 'uint8' | 'float16';

export type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] };

export type GraphNode = {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/** A dimension: a size, or the name of one that is only known when run. */
export type Dimension = number | string;

export type GraphPort = { readonly name: Value; readonly type: ElementType; readonly dims: readonly Dimension[] };

/** A tensor that will live in an external data file. */
export type GraphWeight = {
  readonly name: Value;
  readonly type: 'float32' | 'int8' | 'uint8' | 'float16';
  readonly dims: readonly number[];
  readonly load: () => Promise<Float32Array | Int8Array | Uint8Array | Uint16Array>;
};

/** A small tensor kept inside the protobuf: shapes, scalars. */
export type GraphConstant = {
  readonly name: Value;
  readonly type: 'int64' | 'float32' | 'int32';
  readonly dims: readonly number[];
  readonly values: readonly number[];
};

export class Graph {
  readonly name: string;
  readonly nodes: GraphNode[] = [];
  readonly inputs: GraphPort[] = [];
  readonly outputs: GraphPort[] = [];
  readonly weights: Map<Value, GraphWeight> = new Map();
  readonly constants: Map<Value, GraphConstant> = new Map();
  #counter = 0;

  constructor(name: string) {
    this.name = name;
  }

  input(name: string, type: ElementType, dims: readonly Dimension[]): Value {
    this.inputs.push({ name, type, dims });
    return name;
  }

  /** Names `value` as an output of the graph. */
  output(name: string, value: Value, type: ElementType, dims: readonly Dimension[]): void {
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} });
    this.outputs.push({ name, type, dims });
  }

  weight(weight: GraphWeight): Value {
    this.weights.set(weight.name, weight);
    return weight.name;
  }

  /** An int64 vector (shapes, axes, slice bounds). */
  ints(...values: readonly number[]): Value {
    return this.#constant('int64', [values.length], values);
  }

  /** An int64 scalar. */
  int(value: number): Value {
    return this.#constant('int64', [], [value]);
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.#constant('float32', [], [value]);
  }

  /** A float32 vector kept in the protobuf. */
  floats(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('float32', dims, values);
  }

  /** Adds a node with one output. An empty input name stands for an omitted optional input. */
  op(op: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ''): Value {
    return this.multi(op, inputs, 1, attributes, domain)[0] as Value;
  }

  /** Adds a node with several outputs. */
  multi(
    op: string,
    inputs: readonly Value[],
    numOutputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value[] {
    const outputs = Array.from({ length: numOutputs }, () => `${op.toLowerCase()}_${++this.#counter}`);
    this.nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs;
  }

  #constant(type: GraphConstant['type'], dims: readonly number[], values: readonly number[]): Value {
    const name = `${type}[${dims.join('x')}](${values.join(',')})`;
    if (!this.constants.has(name)) this.constants.set(name, { name, type, dims, values });
    return name;
  }
}
