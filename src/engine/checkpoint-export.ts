/** What leaves a loaded model again: its checkpoint as a `.nemo`, and the graphs it runs as ONNX files. */
import { writeYaml } from '../archive/write-yaml.ts';
import type { CheckpointFiles } from '../base/files.ts';
import { copyBlob } from '../checkpoint/stored-blob.ts';
import type { CheckpointParts, PartsMeta } from './checkpoint-parts.ts';
import { EXPORT_GUIDE } from './export-guide.ts';
import { convertFiles } from './obtain-parts.ts';
import { saveCheckpoint, saveRecognizer } from './original.ts';
import { type Target, checkPrecision, planPrecision } from './precision.ts';

export class CheckpointExport {
  readonly #parts: CheckpointParts;
  /** The devices that another precision would be for. */
  readonly #target: Target;
  /** Opens the checkpoint's own files anew; may read or download them again. */
  readonly #openOriginal: () => Promise<CheckpointFiles>;

  constructor(parts: CheckpointParts, target: Target, openOriginal: () => Promise<CheckpointFiles>) {
    this.#parts = parts;
    this.#target = target;
    this.#openOriginal = openOriginal;
  }

  async saveTo(): Promise<Blob> {
    return saveCheckpoint(await this.#openOriginal());
  }

  async saveAsrModelTo(): Promise<Blob> {
    return saveRecognizer(await this.#openOriginal());
  }

  /**
   * Every file by name: graphs, their external data, tokenizer, `model_config.yaml`, and `sotto.json`, which says what belongs to what.
   *
   * Without `precision` these are the graphs that run; for another one the checkpoint is read and converted again.
   */
  async exportOnnx({ precision = 'auto' }: { readonly precision?: string } = {}): Promise<CheckpointFiles> {
    checkPrecision(precision);
    const { name, meta } = this.#parts;
    const { files, meta: exported } =
      precision === 'auto' || precision === meta.precision
        ? this.#parts
        : await convertFiles(await this.#openOriginal(), name, planPrecision(precision, this.#target));
    // Copied: the export leaves the worker and outlives the model.
    const copies = new Map<string, Blob>();
    for (const [file, content] of files) copies.set(file, await copyBlob(content));
    return new Map([...copies, ...exportNotes(exported)]);
  }
}

/** The files of an export that no session needs. */
export function exportNotes({
  config,
  spec,
  precision,
  graphs,
  numParameters,
  weightBytes,
}: PartsMeta): CheckpointFiles {
  const notes = { precision, graphs, numParameters, weightBytes, spec };
  // JSON has no infinities, and a spec's limits may be infinite.
  const text = JSON.stringify(notes, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? null : value), 2);
  return new Map([
    ['model_config.yaml', writeYaml(config)],
    ['README.md', new Blob([EXPORT_GUIDE], { type: 'text/markdown' })],
    ['sotto.json', new Blob([`${text}\n`], { type: 'application/json' })],
  ]);
}
