/** The transcripts of several recordings, kept together: copied, as one file where the format allows it, else as a file each. */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html } from 'lit';
import { Scope } from '../base/scope.ts';
import { type TranscriptFormat, extensionOf, isJoinable, isTimed, transcriptAs } from '../text/transcript-format.ts';
import { BriefNote } from './brief-note.ts';
import { cardStyles } from './card-styles.ts';
import { copyText } from './clipboard.ts';
import type { Job } from './job-queue.ts';
import { formatClock } from './quantities.ts';
import { fileNameFor, saveText } from './save-text.ts';
import { controls, tokens } from './theme.ts';

const LABELS: Readonly<Partial<Record<TranscriptFormat, string>>> = {
  txt: 'TXT',
  srt: 'SRT',
  vtt: 'VTT',
  ctm: 'CTM',
  json: 'JSON',
  manifest: 'NeMo manifest',
};
/** Browsers drop some of many downloads that begin at once. */
const BETWEEN_FILES_MS = 250;

/** A job that is done. */
export type DoneJob = Job & Required<Pick<Job, 'hypothesis' | 'duration'>>;

/** `<sotto-save-all>`: set `jobs`, in the order they are to be kept in. */
export class SaveAll extends LitElement {
  static override readonly properties = { jobs: { attribute: false } };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    cardStyles,
    css`
    footer {
      border-top: 0;
      margin-top: 0;
    }
  `,
  ];

  declare jobs: readonly DoneJob[];
  readonly #note: BriefNote;
  #scope = new Scope();

  constructor() {
    super();
    this.jobs = [];
    this.#note = new BriefNote(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
    this.#scope = new Scope();
  }

  protected override render(): TemplateResult {
    const seconds = this.jobs.reduce((sum, { duration }) => sum + duration, 0);
    const hasWords = this.jobs.every(({ hypothesis }) => hypothesis.text === '' || hypothesis.timestamp.word);
    const formats = (Object.keys(LABELS) as TranscriptFormat[]).filter((format) => hasWords || !isTimed(format));
    return html`
      <header><h2>${this.jobs.length} transcripts</h2></header>
      <p class="facts quiet">${formatClock(seconds)} in all</p>
      <footer class="row">
        <button type="button" @click=${this.#copy}>Copy all</button>
        ${formats.map(
          (format) =>
            html`<button type="button" aria-label=${`All as ${LABELS[format]}`} @click=${() => this.#save(format).catch(reportError)}>${LABELS[format]}</button>`,
        )}
        <span class="note quiet" role="status">${this.#note.text}</span>
      </footer>
    `;
  }

  #copy(): void {
    copyText(this.#texts()).then((note) => this.#note.say(note), reportError);
  }

  async #save(format: TranscriptFormat): Promise<void> {
    if (format === 'txt') return saveText(`${this.#texts()}\n`, 'transcripts.txt');
    const files = this.jobs.map(({ file: { name }, hypothesis, duration }) => ({
      name: fileNameFor(name, format),
      text: transcriptAs(format, hypothesis, { name, duration }),
    }));
    if (isJoinable(format))
      return saveText(files.map(({ text }) => text).join(''), `transcripts.${extensionOf(format)}`);
    for (const [index, { name, text }] of files.entries()) {
      saveText(text, name);
      this.#note.say(`Saved ${index + 1} of ${files.length}`);
      await new Promise<void>((resolve) => this.#scope.timeout(resolve, BETWEEN_FILES_MS));
    }
  }

  /** Every text under the name of its recording. */
  #texts(): string {
    return this.jobs
      .map(
        ({ file: { name }, hypothesis, duration }) =>
          `${name}\n\n${transcriptAs('txt', hypothesis, { name, duration })}`,
      )
      .join('\n\n')
      .trimEnd();
  }
}

/** Those that have a transcript. */
export function doneJobs(jobs: readonly Job[]): DoneJob[] {
  return jobs.filter((job): job is DoneJob => job.hypothesis !== undefined && job.duration !== undefined);
}
