/**
 * `<sotto-transcriber>`: drop or choose recordings, read and keep their text, on somebody else's page.
 *
 * The host page drives it with `transcribe(file)` and `add(files)`, and listens to `sotto-transcript`.
 */
import { type CSSResultGroup, css, html, LitElement, type TemplateResult } from 'lit';
import { AsrError } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { Scope } from '../base/scope.ts';
import { acceptFiles } from './drop-zone.ts';
import { progressDetail, send } from './element-events.ts';
import { deviceWords } from './device-words.ts';
import { describeError } from './error-message.ts';
import { jobList } from './job-list.ts';
import { type Job, JobQueue } from './job-queue.ts';
import type { ModelHost } from './model-host.ts';
import { problem } from './problem.ts';
import { progressLine } from './progress-line.ts';
import { type LentHost, borrowHost } from './shared-host.ts';
import { controls, tokens } from './theme.ts';

/** The element; its attributes, methods, events and parts are a contract. */
export class TranscriberElement extends LitElement {
  static override readonly properties = {
    checkpoint: { reflect: true },
    device: { reflect: true },
    assetBase: { attribute: 'asset-base' },
    disabled: { type: Boolean, reflect: true },
    isOver: { state: true },
  };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
      }
      .zone {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: center;
        gap: 0.5rem 0.75rem;
        padding: 1.75rem 1.25rem;
        border: 1.5px dashed var(--strong-line);
        border-radius: var(--radius);
        background: var(--surface);
      }
      .zone.over {
        border-color: var(--accent);
        background: var(--accent-wash);
      }
      .cards {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
        margin-top: 0.75rem;
      }
      .model {
        margin: 0.6rem 0.25rem 0;
      }
    `,
  ];

  /** A name, a hub repository or an address of a `.nemo`. @default the built-in checkpoint */
  declare checkpoint: string | null;
  /** `auto`, `webgpu` or `wasm`. */
  declare device: string | null;
  declare assetBase: string | null;
  declare disabled: boolean;
  declare isOver: boolean;
  /** Its recordings stay with the element wherever it is moved to. */
  readonly #queue: JobQueue;
  #scope = new Scope();
  #lent: LentHost | undefined;
  #lentScope = new Scope();
  #seen = new Map<number, Job>();

  constructor() {
    super();
    this.checkpoint = null;
    this.device = null;
    this.assetBase = null;
    this.disabled = false;
    this.isOver = false;
    this.#queue = new JobQueue(() => this.#borrow());
  }

  /** Queues a recording and gives its text; rejects with what went wrong, or `cancelled` when its user stopped it. */
  transcribe(file: Blob): Promise<Hypothesis> {
    if (!(file instanceof Blob)) throw new TypeError('file must be a File or Blob');
    if (this.#scope.isDisposed)
      return Promise.reject(new AsrError('cancelled', 'The element is no longer in the page.'));
    const queue = this.#queue;
    const [id] = queue.add([file instanceof File ? file : new File([file], 'recording', { type: file.type })]);
    return new Promise((resolve, reject) => {
      const scope = this.#scope.child();
      const settle = (): void => {
        const job = queue.jobs.find((candidate) => candidate.id === id);
        if (job?.status === 'done' && job.hypothesis) resolve(job.hypothesis);
        else if (job?.status === 'failed') reject(job.error);
        else if (!job || job.status === 'cancelled')
          reject(new AsrError('cancelled', 'The transcription was cancelled.'));
        else return;
        scope.dispose();
      };
      scope.listen(queue, 'change', settle);
      scope.onDispose(() => reject(new AsrError('cancelled', 'The element was removed from the page.')));
    });
  }

  /** Queues recordings; results come as `sotto-transcript` events. */
  add(files: Iterable<File>): void {
    this.#queue.add(files);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    this.#scope.listen(this.#queue, 'change', () => this.#onQueue());
    acceptFiles(this, this.#scope, {
      onFiles: (files) => {
        if (!this.disabled) this.add(files);
      },
      onHover: (isOver) => {
        this.isOver = isOver && !this.disabled;
      },
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const { id } of this.#queue.jobs) this.#queue.cancel(id);
    this.#scope.dispose();
    this.#giveBack();
  }

  protected override render(): TemplateResult {
    const { isOver, disabled } = this;
    return html`
      <div class=${isOver ? 'zone over' : 'zone'}>
        <button type="button" part="button" ?disabled=${disabled} @click=${this.#choose}>
          <slot name="label">Choose recordings</slot>
        </button>
        <span class="quiet"><slot name="hint">or drop them here</slot></span>
        <input type="file" multiple accept="audio/*,video/*" hidden aria-label="Recordings" @change=${this.#onChosen} />
      </div>
      ${this.#model()} ${this.#queue.jobs.length > 0 ? jobList(this.#queue) : ''}
    `;
  }

  #model(): TemplateResult | string {
    const state = this.#lent?.host.state;
    if (state?.status === 'failed') return html`<div class="model">${problem(state.error)}</div>`;
    if (state?.status === 'loading') {
      return html`<p class="model quiet" part="status">${state.progress ? progressLine(state.progress).text : 'Opening the model'}</p>`;
    }
    if (state?.status === 'ready') {
      const { device } = state.model.report;
      return html`<p class="model quiet" part="status" data-device=${device}>
        ${state.model.info.name} on ${deviceWords(device)}
      </p>`;
    }
    return '';
  }

  /** The model that the attributes name now: changed ones count from the next recording on. */
  #borrow(): ModelHost {
    if (this.#lent?.fits(this)) return this.#lent.host;
    this.#giveBack();
    this.#lent = borrowHost(this);
    const { host } = this.#lent;
    this.#lentScope = this.#scope.child();
    this.#lentScope.listen(host, 'change', () => {
      this.requestUpdate();
      if (host.state.status === 'loading' && host.state.progress)
        send(this, 'sotto-progress', progressDetail(host.state.progress));
    });
    return host;
  }

  #giveBack(): void {
    this.#lentScope.dispose();
    this.#lent?.giveBack();
    this.#lent = undefined;
  }

  #onQueue(): void {
    this.requestUpdate();
    const before = this.#seen;
    this.#seen = new Map(this.#queue.jobs.map((job) => [job.id, job]));
    for (const job of this.#queue.jobs) {
      const last = before.get(job.id);
      if (last === job) continue;
      if (last?.status !== job.status) this.#tellStatus(job, last);
      if (job.progress && job.progress !== last?.progress)
        send(this, 'sotto-progress', progressDetail(job.progress, job.secondsLeft));
    }
  }

  #tellStatus(job: Job, before: Job | undefined): void {
    const state = this.#lent?.host.state;
    const device = state?.status === 'ready' ? state.model.report.device : undefined;
    send(this, 'sotto-state', { from: before?.status ?? 'idle', to: job.status, device });
    if (job.status === 'done' && job.hypothesis)
      send(this, 'sotto-transcript', { file: job.file, hypothesis: job.hypothesis });
    if (job.status !== 'failed') return;
    const { code, detail, remedy } = describeError(job.error);
    send(this, 'sotto-error', { code, message: detail, remedy });
  }

  #choose(): void {
    this.renderRoot.querySelector('input')?.click();
  }

  #onChosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    this.add([...(input.files ?? [])]);
    input.value = '';
  }
}
