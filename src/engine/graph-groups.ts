/** The graphs a checkpoint is made of, by its spec. */
import { type CheckpointSpec, isClassifier } from '../model/checkpoint-spec.ts';
import { buildClassificationHead } from '../model/classification-head.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import { buildConformerStep } from '../model/conformer-step.ts';
import { buildCtcHead } from '../model/ctc-head.ts';
import { buildEncoder } from '../model/encoder.ts';
import { buildLanguagePrompt } from '../model/language-prompt.ts';
import type { ModelSpec } from '../model/spec.ts';
import { buildProbe } from '../model/probe.ts';
import { isCacheAware } from '../model/streaming-spec.ts';
import { buildJoint, buildPredictor, buildProjection } from '../model/transducer.ts';
import { buildCross, buildDecoderStep } from '../model/transformer-decoder.ts';
import type { WeightReader } from '../model/weight-reader.ts';
import type { Graph } from '../onnx/graph.ts';
import type { GraphName } from './checkpoint-parts.ts';

export type NamedGraph = { readonly name: GraphName; readonly graph: Graph };
type NamedGroup = { readonly prefix: string; readonly graphs: NamedGraph[] };

/** Every graph of a checkpoint. Those that share weights are laid out together; each group has files of its own, so a session mounts only what it needs. */
export function buildGroups(spec: CheckpointSpec, weights: WeightReader): NamedGroup[] {
  return isClassifier(spec) ? buildClassifier(spec, weights) : buildRecognizer(spec, weights);
}

function named(graph: Graph, name?: GraphName): NamedGraph {
  return { name: name ?? (graph.name as GraphName), graph };
}

/** One pass through the encoder, one through the head: clips are classified one by one. */
function buildClassifier(spec: ClassifierSpec, weights: WeightReader): NamedGroup[] {
  const encoder = buildEncoder(weights, spec.encoder, { masked: false }).map((graph) => named(graph));
  const head = buildClassificationHead(weights, spec.classification, spec.encoder.outputSize);
  return [
    { prefix: 'encoder', graphs: encoder },
    { prefix: 'classification', graphs: [named(head)] },
  ];
}

function buildRecognizer(spec: ModelSpec, weights: WeightReader): NamedGroup[] {
  const encoderSize = spec.encoder.outputSize;
  const masked = buildEncoder(weights, spec.encoder, { masked: true }).filter(({ name }) => name !== 'positions');
  const encoder = [
    ...buildEncoder(weights, spec.encoder, { masked: false }).map((graph) => named(graph)),
    ...masked.map((graph) => named(graph, `${graph.name}_masked` as GraphName)),
  ];
  if (spec.encoder.kind === 'conformer' && isCacheAware(spec))
    encoder.push(named(buildConformerStep(weights, spec.encoder)));
  for (const graph of buildProbe(weights, spec.encoder))
    encoder.push(named(graph, graph.name === 'encoder' ? 'probe' : 'probe_positions'));

  const groups: NamedGroup[] = [{ prefix: 'encoder', graphs: encoder }];
  if (spec.languagePrompt)
    groups.push({ prefix: 'prompt', graphs: [named(buildLanguagePrompt(weights, spec.languagePrompt, encoderSize))] });
  if (spec.ctc) groups.push({ prefix: 'ctc', graphs: [named(buildCtcHead(weights, spec.ctc, encoderSize))] });
  if (spec.transducer) {
    groups.push({ prefix: 'projection', graphs: [named(buildProjection(weights, spec.transducer, encoderSize))] });
    groups.push({ prefix: 'predictor', graphs: [named(buildPredictor(weights, spec.transducer))] });
    groups.push({ prefix: 'joint', graphs: [named(buildJoint(weights, spec.transducer))] });
  }
  if (spec.aed) {
    groups.push({ prefix: 'cross', graphs: [named(buildCross(weights, spec.aed, encoderSize))] });
    groups.push({ prefix: 'decoder', graphs: [named(buildDecoderStep(weights, spec.aed))] });
  }
  return groups;
}
