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
import { isIgnoredWeight } from '../model/ignored-weights.ts';
import type { TokenizerSpec } from '../model/tokenizer-spec.ts';
import { WeightReader } from '../model/weight-reader.ts';
import { type ExternalLayout, layOutWeights, streamFile } from '../onnx/external-data.ts';
import { writeModel } from '../onnx/proto.ts';
import { alignerFiles, checkAligner } from './aligner-files.ts';
import {
  FORMAT,
  type GraphName,
  MEL_FILTERBANK,
  MEL_WINDOW,
  type PartsMeta,
  alignerFile,
  modelFile,
  tokenizerFile,
} from './checkpoint-parts.ts';
import { type NamedGraph, buildGroups } from './graph-groups.ts';
import { type PrecisionPlan, inForm } from './precision.ts';

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

/** Writes every part of the checkpoint to `sink`, in the forms of `precision`; returns what has to be remembered about them. */
export async function convertCheckpoint(
  files: CheckpointFiles,
  sink: PartSink,
  precision: PrecisionPlan,
  { signal, onProgress }: ConvertOptions = {},
): Promise<PartsMeta> {
  const plans = [await planCheckpoint(files, precision)];
  const inner = alignerFiles(files, plans[0] as Plan);
  if (inner) plans.push(await planCheckpoint(inner, precision));
  if (plans[1]) checkAligner((plans[0] as Plan).spec, plans[1].spec);
  const totalBytes = plans.reduce((sum, { bytes }) => sum + bytes, 0);
  let loadedBytes = 0;
  const onBytes = (bytes: number): void => {
    throwIfAborted(signal);
    loadedBytes += bytes;
    onProgress?.({ phase: 'convert', loadedBytes, totalBytes });
  };

  const [main, aligner] = plans as [Plan, Plan?];
  const meta = await writePlan(main, files, sink, onBytes);
  if (!aligner || !inner) return meta;
  const innerSink: PartSink = { write: (name, chunk) => sink.write(alignerFile(name), chunk) };
  return { ...meta, aligner: await writePlan(aligner, inner, innerSink, onBytes) };
}

/** What will be written, laid out and checked before the first byte is. */
type Plan = Awaited<ReturnType<typeof readCheckpoint>> & {
  readonly precision: PrecisionPlan;
  readonly layouts: readonly LaidOut[];
  readonly bytes: number;
};

type LaidOut = { readonly graphs: readonly NamedGraph[]; readonly layout: ExternalLayout };

async function planCheckpoint(files: CheckpointFiles, precision: PrecisionPlan): Promise<Plan> {
  const checkpoint = await readCheckpoint(files);
  const layouts = layOutCheckpoint(checkpoint.spec, checkpoint.weights, precision);
  checkpoint.weights.assertAllUsed(isIgnoredWeight);
  return { ...checkpoint, precision, layouts, bytes: bytesOf(layouts) };
}

/** Bytes of a checkpoint's weights in the forms of `precision`; nothing is read. */
export function measureWeights(spec: CheckpointSpec, weights: WeightReader, precision: PrecisionPlan): number {
  return bytesOf(layOutCheckpoint(spec, weights, precision));
}

function layOutCheckpoint(spec: CheckpointSpec, weights: WeightReader, precision: PrecisionPlan): LaidOut[] {
  return buildGroups(spec, weights).map((group) => {
    const graphs = group.graphs.map(({ name, graph }) => ({ name, graph: inForm(graph, precision.formOf(name)) }));
    const layout = layOutWeights(
      graphs.map((entry) => entry.graph),
      group.prefix,
    );
    return { graphs, layout };
  });
}

function bytesOf(layouts: readonly LaidOut[]): number {
  return layouts.flatMap(({ layout }) => layout.files).reduce((sum, file) => sum + file.bytes, 0);
}

async function writePlan(
  { config, spec, weights, precision: { precision, arithmetic }, layouts, bytes }: Plan,
  files: CheckpointFiles,
  sink: PartSink,
  onBytes: (bytes: number) => void,
): Promise<PartsMeta> {
  const meta: Partial<Record<GraphName, readonly string[]>> = {};
  for (const { graphs, layout } of layouts) {
    for (const { name, graph } of graphs) {
      await sink.write(modelFile(name), writeModel(graph, layout.locations));
      meta[name] = [
        ...new Set([...graph.weights.keys()].map((weight) => layout.locations.get(weight)?.file as string)),
      ];
    }
    for (const file of layout.files) {
      for await (const chunk of streamFile(file)) {
        await sink.write(file.name, chunk);
        onBytes(chunk.byteLength);
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
    weightBytes: bytes,
    precision,
    arithmetic,
    graphs: meta,
  };
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
