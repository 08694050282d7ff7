/**
 * A converted checkpoint: the spec, and graphs with their weights as files ready for ORT.
 *
 * This is what rests in IndexedDB, so the second visit neither downloads nor converts. `FORMAT` is part of the key: raise it whenever
 * builders, spec or layout change, and old copies are converted anew.
 */
import { assert } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import type { CheckpointSpec } from '../model/checkpoint-spec.ts';
import type { GraphPart } from '../runtime/session.ts';
import type { Arithmetic, Precision } from './options.ts';

export const FORMAT = 11;

export type GraphName =
  | 'subsampling'
  | 'subsampling_masked'
  | 'encoder'
  | 'encoder_masked'
  | 'encoder_step'
  | 'probe'
  | 'probe_positions'
  | 'positions'
  | 'prompt'
  | 'ctc'
  | 'classification'
  | 'projection'
  | 'predictor'
  | 'joint'
  | 'cross'
  | 'decoder_step';

export type PartsMeta = {
  readonly format: number;
  readonly spec: CheckpointSpec;
  /** NeMo's config tree, resolved. */
  readonly config: unknown;
  readonly numParameters: number;
  readonly weightBytes: number;
  /** How the weights are kept, and in what the encoder computes. */
  readonly precision: Precision;
  readonly arithmetic: Arithmetic;
  /** External data files of every graph. */
  readonly graphs: Readonly<Partial<Record<GraphName, readonly string[]>>>;
  /** Where it was fetched from, where that can be fetched again. */
  readonly origin?: CheckpointOrigin;
  /** A second model, for Canary's timestamps; its files are named by `alignerFile`. */
  readonly aligner?: PartsMeta;
};

/** A download that can be repeated. Addresses with a query are not kept: it may be a secret. */
export type CheckpointOrigin = {
  readonly source: Extract<CheckpointSource, { readonly kind: 'pretrained' | 'url' }>;
  readonly revision?: string;
  readonly hubUrl?: string;
  /** Of the content, as `openSource` tells it: the same id means the same bytes. */
  readonly contentId: string;
};

export type CheckpointParts = {
  readonly name: string;
  readonly meta: PartsMeta;
  readonly files: CheckpointFiles;
  readonly fromCache: boolean;
  /** Ends the use of `files`. */
  readonly release: () => void;
  /** Whether what was stored turned out not to be what was written. */
  readonly isDamaged: () => boolean;
};

/** Names of the files that are no external data. */
export const MEL_WINDOW = 'mel.window';
export const MEL_FILTERBANK = 'mel.filterbank';

export function modelFile(graph: GraphName): string {
  return `${graph}.onnx`;
}

/** Archive members the tokenizer needs keep their names under this prefix. */
export function tokenizerFile(member: string): string {
  return `tokenizer/${member}`;
}

const ALIGNER = 'aligner/';

/** What a file of the second model is called among those of the checkpoint. */
export function alignerFile(name: string): string {
  return ALIGNER + name;
}

/** The second model as a checkpoint of its own, where there is one. */
export function alignerParts({ meta, files, ...rest }: CheckpointParts): CheckpointParts | undefined {
  if (!meta.aligner) return undefined;
  const own = [...files].filter(([name]) => name.startsWith(ALIGNER));
  // The whole checkpoint is held by its main model.
  const release = (): void => {};
  return {
    ...rest,
    release,
    meta: meta.aligner,
    files: new Map(own.map(([name, file]) => [name.slice(ALIGNER.length), file])),
  };
}

/** A graph as ORT wants it; only the protobuf is read here. */
export async function graphPart({ meta, files }: CheckpointParts, name: GraphName): Promise<GraphPart> {
  const data = meta.graphs[name];
  const model = files.get(modelFile(name));
  assert(data && model, `the checkpoint has no graph ${name}`);
  return {
    name,
    model: new Uint8Array(await model.arrayBuffer()),
    files: data.map((file) => ({ name: file, data: files.get(file) as Blob })),
  };
}
