/** float32 to float16 (IEEE 754 binary16) as bits, for weights. */
import type { Graph, GraphWeight, Value } from './graph.ts';

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** Rounded to the nearest, ties to even; what is too large becomes the largest finite value, because an infinite weight would end in NaN. */
export function toFloat16(values: Float32Array): Uint16Array {
  const result = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) result[index] = halfOf(values[index]!);
  return result;
}

function halfOf(value: number): number {
  floats[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN stays NaN
  if (magnitude >= 0x477ff000) return sign | 0x7bff; // would round to 65536
  if (magnitude < 0x38800000) return sign | subnormal(magnitude);
  // The exponent is moved by 112; the 13 bits that fall away round, and a carry into the exponent is what it should be.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Below 2^-14 a half is a multiple of 2^-24. */
function subnormal(magnitude: number): number {
  bits[0] = magnitude;
  const multiple = floats[0]! * 2 ** 24;
  const low = Math.floor(multiple);
  const rest = multiple - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** `weight` as float16, shared by all who ask for it. */
export function halfWeight(graph: Graph, { name, dims, load }: GraphWeight): Value {
  return graph.weight({
    name: `${name}:float16`,
    type: 'float16',
    dims,
    load: async () => toFloat16((await load()) as Float32Array),
  });
}
