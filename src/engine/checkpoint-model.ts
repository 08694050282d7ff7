/** What every opened checkpoint can do, whatever it is for: tell what it is, be saved and exported, be given back. */
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { CheckpointExport } from './checkpoint-export.ts';
import type { ModelInfo, ModelReport } from './options.ts';
import type { ModelSessions } from './sessions.ts';

/** The parts that all have. */
export type CommonParts = {
  readonly info: ModelInfo;
  readonly report: () => ModelReport;
  readonly sessions: ModelSessions;
  readonly exports: CheckpointExport;
};

/** Base of the models that the engine gives. */
export abstract class CheckpointModel<Parts extends CommonParts> {
  readonly parts: Parts;
  #disposed = false;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  get info(): ModelInfo {
    return this.parts.info;
  }

  get report(): ModelReport {
    return this.parts.report();
  }

  /** A `.nemo` that NeMo restores, of the checkpoint's own members (NeMo `save_to`): the source is read again. Decoding and attention settings changed since are not part of it. */
  saveTo(): Promise<Blob> {
    this.assertUsable();
    return this.parts.exports.saveTo();
  }

  /** The graphs with their weights, tokenizer and configuration; in another precision than the model's they are made anew from the source. */
  exportOnnx(options: { readonly precision?: string } = {}): Promise<CheckpointFiles> {
    this.assertUsable();
    return this.parts.exports.exportOnnx(options);
  }

  /** Ends the sessions and gives the checkpoint's parts back; doing it twice is harmless. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.parts.sessions.close();
  }

  /** @throws AsrError `disposed` */
  protected assertUsable(): void {
    if (this.#disposed) throw new AsrError('disposed', 'The model was disposed; load it again.');
  }
}
