/**
 * A manifest with its audio, transcribed and compared with its texts: the page's `sotto wer`.
 *
 * Rows come batch by batch; a recording is compared once, however many come after it.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import { parseManifest } from '../base/manifest.ts';
import { readManifestInput } from '../rpc/manifest-input.ts';
import { type RatedFile, rateInSteps } from '../text/error-rate-report.ts';
import type { ModelHost } from './model-host.ts';
import { unhurried } from './unhurried.ts';

/** All recordings so far. */
export type EvaluationReport = {
  readonly manifest: string;
  /** Of the checkpoint. */
  readonly model: string;
  readonly device: string;
  readonly precision: string;
  /** Seconds: how long the model took to open, and how long transcribing has taken. */
  readonly seconds: { readonly load: number; readonly total: number };
  readonly files: readonly RatedFile[];
};

const BATCH_SIZE = 4;

/** One run. Dispatches `change`. */
export class Evaluation extends EventTarget {
  readonly name: string;
  /** Lines of the manifest, once it is read. */
  numFiles = 0;
  report: EvaluationReport | undefined;
  status: 'running' | 'done' | 'failed' | 'cancelled' = 'running';
  error: unknown;
  readonly #abort = new AbortController();

  constructor(host: ModelHost, manifest: File, files: readonly File[]) {
    super();
    this.name = manifest.name;
    this.#run(host, manifest, files).catch(reportError);
  }

  /** Stops; the rows that are there stay. */
  cancel(): void {
    this.#abort.abort();
  }

  async #run(host: ModelHost, manifest: File, files: readonly File[]): Promise<void> {
    const { signal } = this.#abort;
    try {
      const lines = parseManifest(await manifest.text(), manifest.name);
      const silent = lines.find(({ text }) => text === undefined);
      if (silent)
        throw new AsrError(
          'manifest-invalid',
          `line ${silent.number} of ${manifest.name} has no text to compare with.`,
        );
      const inputs = await readManifestInput({ manifest, resolve: files });
      this.numFiles = lines.length;
      this.#changed();
      const model = await host.model();
      const done: RatedFile[] = [];
      let total = 0;
      for (let from = 0; from < inputs.length; from += BATCH_SIZE) {
        const startedAt = performance.now();
        const results = await model.transcribeWithDurations(inputs.slice(from, from + BATCH_SIZE), { signal });
        total += (performance.now() - startedAt) / 1000;
        for (const [index, { hypothesis, duration }] of results.entries()) {
          const { audio, text: reference = '' } = lines[from + index] ?? { audio: '' };
          done.push(await unhurried(rateInSteps({ audio, duration, reference, text: hypothesis.text })));
        }
        const { device, precision, seconds } = model.report;
        this.report = {
          manifest: manifest.name,
          model: model.info.name,
          device: device === 'webgpu' ? 'WebGPU' : 'WASM',
          precision,
          seconds: { load: seconds.open + seconds.session, total },
          files: [...done],
        };
        this.#changed();
      }
      this.status = 'done';
    } catch (error) {
      host.noteFailure(error);
      this.status = signal.aborted || isAsrError(error, 'cancelled') ? 'cancelled' : 'failed';
      if (this.status === 'failed') this.error = error;
    }
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}
