/**
 * A manifest with its audio, transcribed and compared with its texts: the page's `sotto wer`.
 *
 * Rows come batch by batch. Rates of the whole are those of all errors over all words, as NeMo's, not averages of rows.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import { parseManifest } from '../base/manifest.ts';
import { readManifestInput } from '../rpc/manifest-input.ts';
import { type ErrorRateDetail, wordErrorRateDetail } from '../text/word-error-rate.ts';
import type { ModelHost } from './model-host.ts';

/** One recording. */
export type EvaluatedFile = {
  /** As the manifest names it. */
  readonly audio: string;
  /** Seconds. */
  readonly duration: number;
  readonly reference: string;
  readonly text: string;
  readonly words: ErrorRateDetail;
  readonly characters: ErrorRateDetail;
};

/** All recordings so far. */
export type EvaluationReport = {
  readonly manifest: string;
  readonly device: string;
  readonly precision: string;
  /** Seconds of audio. */
  readonly duration: number;
  /** Seconds of audio a second of work. */
  readonly rtfx: number;
  readonly words: ErrorRateDetail;
  readonly characters: ErrorRateDetail;
  readonly files: readonly EvaluatedFile[];
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
      const done: EvaluatedFile[] = [];
      const startedAt = performance.now();
      for (let from = 0; from < inputs.length; from += BATCH_SIZE) {
        const results = await model.transcribeWithDurations(inputs.slice(from, from + BATCH_SIZE), { signal });
        results.forEach(({ hypothesis: { text }, duration }, index) => {
          const { audio, text: reference = '' } = lines[from + index] ?? { audio: '' };
          done.push({ audio, duration, reference, text, ...ratesOf([text], [reference]) });
        });
        this.report = summarize(done, {
          manifest: manifest.name,
          device: model.report.device === 'webgpu' ? 'WebGPU' : 'WASM',
          precision: model.report.precision,
          seconds: (performance.now() - startedAt) / 1000,
        });
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

function summarize(
  files: readonly EvaluatedFile[],
  { seconds, ...about }: { manifest: string; device: string; precision: string; seconds: number },
): EvaluationReport {
  const duration = files.reduce((sum, file) => sum + file.duration, 0);
  const rates = ratesOf(
    files.map(({ text }) => text),
    files.map(({ reference }) => reference),
  );
  return { ...about, duration, rtfx: duration / Math.max(0.001, seconds), ...rates, files: [...files] };
}

function ratesOf(hypotheses: string[], references: string[]): Pick<EvaluatedFile, 'words' | 'characters'> {
  return {
    words: wordErrorRateDetail(hypotheses, references),
    characters: wordErrorRateDetail(hypotheses, references, { useCer: true }),
  };
}
