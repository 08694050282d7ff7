/**
 * `.nemo` to runnable parts: archive, config and weights in; graphs with external data out, written one tensor at a time.
 */
import { openArchive } from '../archive/open-archive.ts';
import { readWeights } from '../archive/read-weights.ts';
import { readYaml } from '../archive/yaml.ts';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { OnProgress } from '../base/progress.ts';
import { type CheckpointSpec, isClassifier, readCheckpointSpec, recognizerWeights } from '../model/checkpoint-spec.ts';
import type { ClassifierSpec } from '../model/classifier-spec.ts';
import { buildClassificationHead } from '../model/classification-head.ts';
import { buildCtcHead } from '../model/ctc-head.ts';
import { buildConformerStep } from '../model/conformer.ts';
import { buildEncoder } from '../model/encoder.ts';
import { isIgnoredWeight } from '../model/ignored-weights.ts';
import { buildLanguagePrompt } from '../model/language-prompt.ts';
import type { ModelSpec } from '../model/spec.ts';
import { isCacheAware } from '../model/streaming-spec.ts';
import { buildJoint, buildPredictor, buildProjection } from '../model/transducer.ts';
import type { TokenizerSpec } from '../model/tokenizer-spec.ts';
import { buildCross, buildDecoderStep } from '../model/transformer-decoder.ts';
import { WeightReader } from '../model/weight-reader.ts';
import { layOutWeights, streamFile } from '../onnx/external-data.ts';
import type { Graph } from '../onnx/graph.ts';
import { writeModel } from '../onnx/proto.ts';
import {
  FORMAT,
  type GraphName,
  MEL_FILTERBANK,
  MEL_WINDOW,
  type PartsMeta,
  modelFile,
  tokenizerFile,
} from './checkpoint-parts.ts';

/** Where the parts go; `CheckpointStore.beginWrite` gives one. Chunks of a file come in order, file after file. */
export interface PartSink {
  write(name: string, chunk: Uint8Array | Blob): Promise<void>;
}

export type ConvertOptions = { readonly signal?: AbortSignal; readonly onProgress?: OnProgress };

/** Reads config and weights of an opened checkpoint; nothing but headers and small files is read. */
export async function readCheckpoint(
  files: CheckpointFiles,
): Promise<{ config: unknown; spec: CheckpointSpec; weights: WeightReader }> {
  const config = await readYaml(required(files, 'model_config.yaml'));
  const spec = readCheckpointSpec(config);
  const tensors = await readWeights(required(files, 'model_weights.ckpt'));
  const weights = new WeightReader(recognizerWeights(config, tensors));
  return { config, spec, weights };
}

/** A dropped or downloaded archive as files; a folder passes through. */
export async function openCheckpoint(source: Blob | CheckpointFiles, signal?: AbortSignal): Promise<CheckpointFiles> {
  return source instanceof Blob ? openArchive(source, signal ? { signal } : {}) : source;
}

/** Writes every part of the checkpoint to `sink`; returns what has to be remembered about them. */
export async function convertCheckpoint(
  files: CheckpointFiles,
  sink: PartSink,
  { signal, onProgress }: ConvertOptions,
): Promise<PartsMeta> {
  const { config, spec, weights } = await readCheckpoint(files);
  const groups = isClassifier(spec) ? buildClassifier(spec, weights) : buildGraphs(spec, weights);
  weights.assertAllUsed(isIgnoredWeight);

  const layouts = groups.map(({ prefix, graphs }) => ({
    graphs,
    layout: layOutWeights(
      graphs.map((entry) => entry.graph),
      prefix,
    ),
  }));
  const totalBytes = layouts.flatMap(({ layout }) => layout.files).reduce((sum, file) => sum + file.bytes, 0);
  const meta: Partial<Record<GraphName, readonly string[]>> = {};
  let loadedBytes = 0;

  for (const { graphs, layout } of layouts) {
    for (const { name, graph } of graphs) {
      await sink.write(modelFile(name), writeModel(graph, layout.locations));
      meta[name] = [
        ...new Set([...graph.weights.keys()].map((weight) => layout.locations.get(weight)?.file as string)),
      ];
    }
    for (const file of layout.files) {
      for await (const chunk of streamFile(file)) {
        throwIfAborted(signal);
        await sink.write(file.name, chunk);
        loadedBytes += chunk.byteLength;
        onProgress?.({ phase: 'convert', loadedBytes, totalBytes });
      }
    }
  }
  await writeFrontEnd(weights, sink);
  for (const member of isClassifier(spec) ? [] : tokenizerMembers(spec.tokenizer))
    await sink.write(tokenizerFile(member), requiredTokenizer(files, member));
  return {
    format: FORMAT,
    spec,
    config,
    numParameters: weights.numParameters(),
    weightBytes: totalBytes,
    graphs: meta,
  };
}

type NamedGraph = { readonly name: GraphName; readonly graph: Graph };
type NamedGroup = { readonly prefix: string; readonly graphs: NamedGraph[] };

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

/** Graphs that share weights are laid out together; each group has files of its own, so a session mounts only what it needs. */
function buildGraphs(spec: ModelSpec, weights: WeightReader): NamedGroup[] {
  const encoderSize = spec.encoder.outputSize;
  const masked = buildEncoder(weights, spec.encoder, { masked: true }).find(
    (graph) => graph.name === 'encoder',
  ) as Graph;
  const encoder = [
    ...buildEncoder(weights, spec.encoder, { masked: false }).map((graph) => named(graph)),
    named(masked, 'encoder_masked'),
  ];
  if (spec.encoder.kind === 'conformer' && isCacheAware(spec))
    encoder.push(named(buildConformerStep(weights, spec.encoder)));

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

/** The checkpoint's own window and filterbank are authoritative where it carries them. */
async function writeFrontEnd(weights: WeightReader, sink: PartSink): Promise<void> {
  for (const [tensor, file] of [
    ['preprocessor.featurizer.window', MEL_WINDOW],
    ['preprocessor.featurizer.fb', MEL_FILTERBANK],
  ] as const) {
    if (!weights.has(tensor)) continue;
    const values = await weights.read(tensor);
    await sink.write(file, new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength));
  }
}

function tokenizerMembers(spec: TokenizerSpec): string[] {
  const own = spec.file ? [spec.file] : [];
  return [...own, ...(spec.languages ?? []).flatMap(({ tokenizer }) => tokenizerMembers(tokenizer))];
}

function required(files: CheckpointFiles, name: string): Blob {
  const file = files.get(name);
  if (file) return file;
  const found = [...files.keys()].slice(0, 5).join(', ') || 'nothing';
  throw new AsrError('checkpoint-corrupt', `This is not a NeMo checkpoint: ${name} is missing (found ${found}).`);
}

/** NeMo prefixes members with a hash; archives unpacked by hand may have lost it. */
function requiredTokenizer(files: CheckpointFiles, member: string): Blob {
  const exact = files.get(member);
  if (exact) return exact;
  const baseName = member.replace(/^[0-9a-f]{32}_/, '');
  const match = [...files].find(([name]) => name === baseName || name.replace(/^[0-9a-f]{32}_/, '') === baseName);
  if (match) return match[1];
  throw new AsrError('checkpoint-corrupt', `The tokenizer file ${member} is missing from the checkpoint.`);
}
