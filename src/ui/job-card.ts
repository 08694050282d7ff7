/** One recording of the queue: what is happening to it, its text as it grows, and afterwards the ways to hear, copy and keep it. */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from 'lit';
import type { Hypothesis } from '../base/hypothesis.ts';
import { Scope } from '../base/scope.ts';
import { type TranscriptFormat, isTimed, transcriptAs } from '../text/transcript-format.ts';
import { BriefNote } from './brief-note.ts';
import { cardStyles } from './card-styles.ts';
import { copyText } from './clipboard.ts';
import type { Job } from './job-queue.ts';
import { Player } from './player.ts';
import { problem } from './problem.ts';
import { progressLine } from './progress-line.ts';
import { formatBytes, formatClock, formatSpeed } from './quantities.ts';
import { fileNameFor, saveText } from './save-text.ts';
import { controls, tokens } from './theme.ts';

/** A manifest is for several recordings. */
const FORMATS: readonly TranscriptFormat[] = ['txt', 'srt', 'vtt', 'ctm', 'json'];

/** `<sotto-job-card>`: set `job`. Dispatches `job-cancel`, `job-retry` and `job-remove`. */
export class JobCard extends LitElement {
  static override readonly properties = { job: { attribute: false } };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    cardStyles,
    css`
    sotto-transcript-view {
      margin-top: 0.85rem;
    }
  `,
  ];

  declare job: Job;
  readonly #note: BriefNote;
  #player: Player | undefined;
  #scope = new Scope();

  constructor() {
    super();
    this.#note = new BriefNote(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#player?.dispose();
    this.#player = undefined;
    this.#scope.dispose();
    this.#scope = new Scope();
  }

  protected override render(): TemplateResult {
    const { job } = this;
    const isRunning = RUNNING.has(job.status);
    const words = job.hypothesis?.timestamp.word ?? [];
    const hasText = job.settled !== '' || job.draft !== '';
    return html`
      <header part="row">
        <h2 title=${job.file.name}>${job.file.name}</h2>
        ${isRunning ? html`<button class="plain" type="button" @click=${() => this.#tell('job-cancel')}>Cancel</button>` : nothing}
        ${
          job.status === 'failed' || job.status === 'cancelled'
            ? html`<button class="plain" type="button" @click=${() => this.#tell('job-retry')}>Try again</button>`
            : nothing
        }
        ${isRunning ? nothing : html`<button class="plain" type="button" aria-label=${`Remove ${job.file.name}`} @click=${() => this.#tell('job-remove')}>Remove</button>`}
      </header>
      <p class="facts quiet" part="status" data-status=${job.status}>${this.#facts()}</p>
      ${isRunning && job.status !== 'waiting' ? this.#bar() : nothing}
      ${
        hasText || job.status === 'done'
          ? html`<sotto-transcript-view
            exportparts="settled, draft"
            empty="No speech was found."
            .words=${words}
            .settled=${job.settled}
            .draft=${job.draft}
            .time=${this.#player?.time}
            @sotto-seek=${(event: CustomEvent<number>) => this.#play((player) => player.playFrom(event.detail))}
          ></sotto-transcript-view>`
          : nothing
      }
      ${problem(job.error)} ${hasText && !isRunning ? this.#actions() : nothing}
    `;
  }

  #facts(): string {
    const { status, progress, secondsLeft, duration, speed, device, file } = this.job;
    switch (status) {
      case 'waiting':
        return `Waiting · ${formatBytes(file.size)}`;
      case 'opening':
        return 'Waiting for the model';
      case 'reading':
        return progress ? progressLine(progress).text : 'Reading the recording';
      case 'transcribing':
        return progress ? progressLine(progress, secondsLeft).text : 'Transcribing';
      case 'cancelled':
        return 'Cancelled';
      case 'failed':
        return 'Not transcribed';
      case 'done':
        return [
          formatClock(duration ?? 0),
          speed && isTelling(duration) && formatSpeed(speed),
          device && `on ${device}`,
        ]
          .filter(Boolean)
          .join(' · ');
    }
  }

  #bar(): TemplateResult {
    const { progress, status, file } = this.job;
    const fraction = status === 'transcribing' && progress ? progressLine(progress).fraction : undefined;
    return html`<progress part="progress" max="1" value=${fraction ?? nothing} aria-label=${`Progress of ${file.name}`}></progress>`;
  }

  #actions(): TemplateResult {
    const { hypothesis } = this.job;
    const hasWords = (hypothesis?.timestamp.word?.length ?? 0) > 0;
    const formats = FORMATS.filter((format) => hasWords || !isTimed(format));
    return html`<footer class="row" part="player">
      <button type="button" @click=${() => this.#play((player) => player.toggle())}>${this.#player?.isPlaying ? 'Pause' : 'Listen'}</button>
      <button type="button" @click=${this.#copy}>Copy text</button>
      ${
        hypothesis
          ? formats.map(
              (format) =>
                html`<button type="button" @click=${() => this.#save(format)}>${format.toUpperCase()}</button>`,
            )
          : nothing
      }
      <span class="note quiet" role="status">${this.#note.text}</span>
    </footer>`;
  }

  #play(use: (player: Player) => Promise<void>): void {
    if (!this.#player) {
      const player = new Player(this.job.file);
      this.#scope.listen(player, 'change', () => this.requestUpdate());
      this.#scope.onDispose(() => player.dispose());
      this.#player = player;
    }
    use(this.#player).catch(() => this.#note.say('This browser cannot play this file.'));
  }

  #copy(): void {
    const { hypothesis, settled } = this.job;
    const text = hypothesis ? this.#textAs('txt', hypothesis) : settled;
    copyText(text.trimEnd()).then((note) => this.#note.say(note), reportError);
  }

  #save(format: TranscriptFormat): void {
    const { hypothesis, file } = this.job;
    if (hypothesis) saveText(this.#textAs(format, hypothesis), fileNameFor(file.name, format));
  }

  #textAs(format: TranscriptFormat, hypothesis: Hypothesis): string {
    const { file, duration = 0 } = this.job;
    return transcriptAs(format, hypothesis, { name: file.name, duration });
  }

  #tell(type: 'job-cancel' | 'job-retry' | 'job-remove'): void {
    this.dispatchEvent(new CustomEvent(type, { detail: this.job.id, bubbles: true, composed: true }));
  }
}

/** Of a second or less, speed is mostly that of getting started. */
function isTelling(duration: number | undefined): boolean {
  return duration !== undefined && duration > 1;
}

const RUNNING: ReadonlySet<Job['status']> = new Set(['waiting', 'opening', 'reading', 'transcribing']);
