/** What leaves a loaded model again: its checkpoint as a `.nemo`, and the graphs it runs as ONNX files. */
import { writeYaml } from '../archive/write-yaml.ts';
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { CheckpointParts, PartsMeta } from './checkpoint-parts.ts';
import { EXPORT_GUIDE } from './export-guide.ts';
import { saveCheckpoint, saveRecognizer } from './original.ts';

export class CheckpointExport {
  readonly #parts: CheckpointParts;
  /** Opens the checkpoint's own files anew; may read or download them again. */
  readonly #openOriginal: () => Promise<CheckpointFiles>;

  constructor(parts: CheckpointParts, openOriginal: () => Promise<CheckpointFiles>) {
    this.#parts = parts;
    this.#openOriginal = openOriginal;
  }

  async saveTo(): Promise<Blob> {
    return saveCheckpoint(await this.#openOriginal());
  }

  async saveAsrModelTo(): Promise<Blob> {
    return saveRecognizer(await this.#openOriginal());
  }

  /** Every file by name: graphs, their external data, tokenizer, `model_config.yaml`, and `sotto.json`, which says what belongs to what. */
  exportOnnx({ precision = 'fp32' }: { readonly precision?: string } = {}): CheckpointFiles {
    if (precision !== 'fp32' && precision !== 'auto')
      throw new AsrError('unsupported-option', `precision "${precision}" is not supported yet; use "fp32".`);
    const { files, meta } = this.#parts;
    return new Map([...files, ...exportNotes(meta)]);
  }
}

/** The files of an export that no session needs. */
export function exportNotes({ config, spec, graphs, numParameters, weightBytes }: PartsMeta): CheckpointFiles {
  const notes = { precision: 'fp32', graphs, numParameters, weightBytes, spec };
  // JSON has no infinities, and a spec's limits may be infinite.
  const text = JSON.stringify(notes, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? null : value), 2);
  return new Map([
    ['model_config.yaml', writeYaml(config)],
    ['README.md', new Blob([EXPORT_GUIDE], { type: 'text/markdown' })],
    ['sotto.json', new Blob([`${text}\n`], { type: 'application/json' })],
  ]);
}
