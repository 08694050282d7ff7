/**
 * The encoder that tells whether a device computes right: short enough to be run twice, with every kernel of the real one.
 *
 * A Conformer's layers are all alike, so its subsampling, one layer and the output projection stand for all of them. Other encoders change from block to
 * block and are small: they are their own probe.
 */
import type { Graph } from '../onnx/graph.ts';
import { type EncoderSpec, buildEncoder } from './encoder.ts';
import type { WeightReader } from './weight-reader.ts';

/** What the probe is, of the checkpoint's own sizes. */
export function probeSpec(spec: EncoderSpec): EncoderSpec {
  if (spec.kind !== 'conformer') return spec;
  const { reduction: _, ...rest } = spec;
  return { ...rest, numLayers: 1 };
}

/** The `encoder` graph of the probe, with masks, and its `positions`; none for encoders that are their own probe. Its subsampling is the model's. */
export function buildProbe(weights: WeightReader, spec: EncoderSpec): Graph[] {
  if (spec.kind !== 'conformer') return [];
  return buildEncoder(weights, probeSpec(spec), { masked: true }).filter(({ name }) => name !== 'subsampling');
}
