/**
 * Linear adapters of a Conformer (NeMo `LinearAdapter` behind a `ConformerEncoderAdapter`): a small bottleneck added to every layer's output.
 *
 * A fine-tuned checkpoint may carry any number of them; only the enabled ones count, in the order of the configuration.
 */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { ACTIVATIONS, type Activation, activate } from './activation.ts';
import { at, dimension, parseConfig, targetClass } from './config.ts';
import { layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type AdapterSpec = {
  /** As its tensors are named. */
  readonly name: string;
  /** Width of the bottleneck. */
  readonly size: number;
  readonly activation: Activation;
  readonly normFirst: boolean;
};

const schema = v.object({
  dim: dimension,
  activation: v.nullish(v.picklist(ACTIVATIONS), 'swish'),
  norm_position: v.nullish(v.picklist(['pre', 'post']), 'pre'),
});

/** Reads the enabled entries of `adapters`. @throws AsrError `checkpoint-unsupported` for those that are no linear adapters of the encoder */
export function readAdapters(config: unknown): readonly AdapterSpec[] {
  const section = at(config, 'adapters');
  if (typeof section !== 'object' || section === null) return [];
  return Object.entries(section)
    .filter(([key, entry]) => key !== 'global_cfg' && at(entry, 'enabled') !== false)
    .map(([name, entry]) => readAdapter(config, name, entry));
}

/** Which module it belongs to stands in `global_cfg`; nothing means the encoder. */
function readAdapter(config: unknown, name: string, entry: unknown): AdapterSpec {
  const path = `adapters.${name}`;
  const modules = at(config, 'adapters.global_cfg.adapter_meta_cfg.modules');
  const module = at(modules, name) ?? 'encoder';
  const strategy = targetClass(at(entry, 'adapter_strategy'));
  assertSupported(`${path} belongs to`, module, ['', 'encoder']);
  assertSupported(`${path}._target_ is`, lastPart(at(entry, '_target_')), ['LinearAdapter']);
  assertSupported(`${path}.adapter_strategy._target_ is`, strategy, ['', 'ResidualAddAdapterStrategy']);
  const { dim, activation, norm_position } = parseConfig(schema, entry, path);
  return { name, size: dim, activation, normFirst: norm_position === 'pre' };
}

/** `targetClass` would take the word off. */
function lastPart(target: unknown): unknown {
  return String(target ?? '')
    .split('.')
    .at(-1);
}

function assertSupported(key: string, found: unknown, supported: readonly string[]): void {
  if (supported.includes(found as string)) return;
  const names = supported.filter((name) => name !== '').join(', ');
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's ${key} ${found || 'nothing'}; supported is ${names}. Disable the adapter in NeMo and save again to go without it.`,
  );
}

/** What the adapters of a layer make of its output. @param prefix of the layer's tensors */
export function addAdapters(
  graph: Graph,
  weights: WeightReader,
  { adapters = [], dModel }: { readonly adapters?: readonly AdapterSpec[]; readonly dModel: number },
  prefix: string,
  x: Value,
): Value {
  let result = x;
  for (const { name, size, activation, normFirst } of adapters) {
    const at = (place: number) => `${prefix}.adapter_layer.${name}.module.${place}`;
    const first = normFirst ? 1 : 0;
    const norm = (place: number, value: Value) => layerNorm(graph, weights, at(place), value, dModel);
    const input = normFirst ? norm(0, result) : result;
    const narrow = { inputSize: dModel, outputSize: size, hasBias: false };
    const wide = { inputSize: size, outputSize: dModel, hasBias: false };
    const hidden = activate(graph, activation, linear(graph, weights, at(first), input, narrow));
    const output = linear(graph, weights, at(first + 2), hidden, wide);
    result = graph.op('Add', [result, normFirst ? output : norm(3, output)]);
  }
  return result;
}
