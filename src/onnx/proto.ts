/**
 * Serialises a `Graph` as an ONNX `ModelProto` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 *
 * Weights never pass through here: the protobuf only says in which external file and where each one lies.
 */
import { PbfWriter as Pbf } from 'pbf';
import type { Attribute, ElementType, Graph, GraphConstant, GraphNode, GraphPort, GraphWeight } from './graph.ts';

const IR_VERSION = 8; // the first with functions and the last that every ORT 1.1x reads
const OPSET = 17; // LayerNormalization is an op since 17
const CONTRIB_DOMAIN = 'com.microsoft';

const ELEMENT_TYPE: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};
const EXTERNAL = 1;

/** Where one weight lies. */
export type WeightLocation = { readonly file: string; readonly offset: number; readonly length: number };

/** The bytes of the model; `locations` must have an entry for every weight of the graph. */
export function writeModel(graph: Graph, locations: ReadonlyMap<string, WeightLocation>): Uint8Array<ArrayBuffer> {
  const pbf = new Pbf();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, 'sotto');
  pbf.writeMessage(7, writeGraph, { graph, locations });
  for (const [domain, version] of [
    ['', OPSET],
    [CONTRIB_DOMAIN, 1],
  ] as const) {
    pbf.writeMessage(
      8,
      (opset: { domain: string; version: number }, out: Pbf) => {
        out.writeStringField(1, opset.domain);
        out.writeVarintField(2, opset.version);
      },
      { domain, version },
    );
  }
  return new Uint8Array(pbf.finish());
}

function writeGraph(
  { graph, locations }: { graph: Graph; locations: ReadonlyMap<string, WeightLocation> },
  pbf: Pbf,
): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const weight of graph.weights.values()) {
    const location = locations.get(weight.name);
    if (!location) throw new Error(`no location for weight ${weight.name}`);
    pbf.writeMessage(5, writeExternalTensor, { weight, location });
  }
  for (const constant of graph.constants.values()) pbf.writeMessage(5, writeConstant, constant);
  for (const port of graph.inputs) pbf.writeMessage(11, writePort, port);
  for (const port of graph.outputs) pbf.writeMessage(12, writePort, port);
}

function writeNode(node: GraphNode, pbf: Pbf): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.outputs[0] ?? '');
  pbf.writeStringField(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, { name, value });
  if (node.domain) pbf.writeStringField(7, node.domain);
}

/** Whole numbers are written as INT; use `{ float }` where ONNX wants FLOAT. */
function writeAttribute({ name, value }: { name: string; value: Attribute }, pbf: Pbf): void {
  pbf.writeStringField(1, name);
  if (typeof value === 'string') {
    pbf.writeStringField(4, value);
    pbf.writeVarintField(20, 3);
  } else if (typeof value === 'number') {
    writeInt64Field(pbf, 3, value);
    pbf.writeVarintField(20, 2);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, 1);
  } else if ('floats' in value) {
    for (const item of value.floats) pbf.writeFloatField(7, item);
    pbf.writeVarintField(20, 6);
  } else {
    for (const item of value) writeInt64Field(pbf, 8, item);
    pbf.writeVarintField(20, 7);
  }
}

/** Protobuf writes negative int64 as a ten-byte two's complement varint, which is what pbf does for negative numbers. */
function writeInt64Field(pbf: Pbf, tag: number, value: number): void {
  pbf.writeVarintField(tag, value);
}

function writeExternalTensor({ weight, location }: { weight: GraphWeight; location: WeightLocation }, pbf: Pbf): void {
  for (const size of weight.dims) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, ELEMENT_TYPE[weight.type]);
  pbf.writeStringField(8, weight.name);
  const entries = { location: location.file, offset: String(location.offset), length: String(location.length) };
  for (const [key, value] of Object.entries(entries)) {
    pbf.writeMessage(
      13,
      (entry: { key: string; value: string }, out: Pbf) => {
        out.writeStringField(1, entry.key);
        out.writeStringField(2, entry.value);
      },
      { key, value },
    );
  }
  pbf.writeVarintField(14, EXTERNAL);
}

function writeConstant(constant: GraphConstant, pbf: Pbf): void {
  for (const size of constant.dims) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, ELEMENT_TYPE[constant.type]);
  pbf.writeStringField(8, constant.name);
  pbf.writeBytesField(9, constantBytes(constant));
}

function constantBytes({ type, values }: GraphConstant): Uint8Array {
  if (type === 'float32') return new Uint8Array(Float32Array.from(values).buffer);
  if (type === 'int32') return new Uint8Array(Int32Array.from(values).buffer);
  return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
}

function writePort(port: GraphPort, pbf: Pbf): void {
  pbf.writeStringField(1, port.name);
  pbf.writeMessage(
    2,
    (type: GraphPort, out: Pbf) => {
      out.writeMessage(1, writeTensorType, type);
    },
    port,
  );
}

function writeTensorType(port: GraphPort, pbf: Pbf): void {
  pbf.writeVarintField(1, ELEMENT_TYPE[port.type]);
  pbf.writeMessage(
    2,
    (dims: GraphPort['dims'], out: Pbf) => {
      for (const size of dims) {
        out.writeMessage(
          1,
          (dimension: number | string, inner: Pbf) => {
            if (typeof dimension === 'number') inner.writeVarintField(1, dimension);
            else inner.writeStringField(2, dimension);
          },
          size,
        );
      }
    },
    port.dims,
  );
}
