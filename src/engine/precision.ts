/**
 * Which form the weights of every part take, by precision and device, and what `auto` chooses.
 *
 * What is fast differs: WASM multiplies int8 matrices twice as fast as float32 and unpacks blocks slowly; WebGPU has kernels for float16 and for
 * blocks and none for int8. Measured and written down in ARCHITECTURE.md, "Small weights".
 */
import { AsrError } from '../base/errors.ts';
import type { Graph } from '../onnx/graph.ts';
import { withHalfArithmetic } from '../onnx/half-arithmetic.ts';
import { type SmallWeights, withSmallWeights } from '../onnx/small-weights.ts';
import type { GraphName } from './checkpoint-parts.ts';
import type { Arithmetic, Precision } from './options.ts';
import { type Placement, deviceOf } from './placement.ts';

/** What becomes of a graph: nothing, small weights, or float16 throughout. */
export type Form = 'fp32' | 'half' | SmallWeights;

/** A precision, made concrete for devices. */
export type PrecisionPlan = {
  readonly precision: Precision;
  readonly arithmetic: Arithmetic;
  /** Part of the key under which the parts are stored; empty for fp32, whose parts are the same on every device. */
  readonly key: string;
  formOf(name: GraphName): Form;
};

export type Target = Placement & {
  /** The adapter has `shader-f16`. */
  readonly hasShaderF16: boolean;
};

const PRECISIONS: readonly string[] = ['auto', 'fp32', 'fp16', 'int8', 'int4'];

/** Above this, `auto` leaves fp32: the WASM heap ends at 4 GiB, and a GPU that fails must be able to go on there. 3.1 GiB were seen to load. */
export const MAX_FP32_BYTES = 3 * 2 ** 30;

/** @throws AsrError `unsupported-option` */
export function checkPrecision(value: string): asserts value is Precision | 'auto' {
  if (!PRECISIONS.includes(value))
    throw new AsrError(
      'unsupported-option',
      `precision "${value}" is not known; it is "fp32", "fp16", "int8" or "int4", or "auto", which chooses.`,
    );
}

/** What to look for in the store, in this order, and what to convert to. `fp32Bytes`: of the checkpoint's weights. */
export type PrecisionChoice = {
  readonly candidates: readonly PrecisionPlan[];
  choose(fp32Bytes: number): PrecisionPlan;
};

export function choosePrecision(requested: Precision | 'auto', target: Target): PrecisionChoice {
  if (requested !== 'auto') {
    const plan = planPrecision(requested, target);
    return { candidates: [plan], choose: () => plan };
  }
  const [full, small] = [planPrecision('fp32', target), planPrecision('int8', target)];
  return { candidates: [full, small], choose: (fp32Bytes) => (fp32Bytes > MAX_FP32_BYTES ? small : full) };
}

export function planPrecision(precision: Precision, target: Target): PrecisionPlan {
  const formOf = (name: GraphName): Form => formFor(precision, target, name);
  return { precision, arithmetic: arithmeticOf(formOf('encoder')), key: keyOf(precision, target), formOf };
}

/** `graph` in a form. */
export function inForm(graph: Graph, form: Form): Graph {
  if (form === 'fp32') return graph;
  return form === 'half' ? withHalfArithmetic(graph) : withSmallWeights(graph, form);
}

/**
 * Heads decide, and are small: they keep float32 arithmetic. Predictor and joint run once a token and are no tenth of the memory: their
 * weights are stored as float16 and nothing more.
 */
const DECIDES: readonly GraphName[] = ['ctc', 'classification', 'projection', 'prompt'];
const RUNS_EVERY_TOKEN: readonly GraphName[] = ['predictor', 'joint'];

function formFor(precision: Precision, target: Target, name: GraphName): Form {
  if (precision === 'fp32') return 'fp32';
  if (RUNS_EVERY_TOKEN.includes(name)) return 'float16';
  const onGpu = deviceOf(target, name) === 'webgpu';
  if (precision === 'fp16') return onGpu && target.hasShaderF16 && !DECIDES.includes(name) ? 'half' : 'float16';
  if (precision === 'int4' && !DECIDES.includes(name)) return 'blocks4';
  return onGpu ? 'blocks8' : 'int8';
}

function arithmeticOf(form: Form): Arithmetic {
  if (form === 'half') return 'fp16';
  return form === 'int8' ? 'int8' : 'fp32';
}

function keyOf(precision: Precision, { encoder, decoder, hasShaderF16 }: Target): string {
  if (precision === 'fp32') return '';
  const target = encoder === 'webgpu' && hasShaderF16 && precision === 'fp16' ? 'webgpu-f16' : encoder;
  return `-${precision}-${target}${decoder === 'auto' || decoder === encoder ? '' : `-${decoder}`}`;
}
