/**
 * The page: speak, or drop a recording, and read.
 *
 * It only arranges the parts and hands files to whoever wants them: a `.nemo` is a model, a `.json` or `.jsonl` a manifest that the recordings with it
 * are compared with, everything else is a recording.
 */
import { type CSSResultGroup, LitElement, type TemplateResult, html, nothing } from 'lit';
import { Scope } from '../base/scope.ts';
import type { StreamUpdate } from '../rpc/protocol.ts';
import type { DictationState } from './dictation-session.ts';
import { acceptFiles } from './drop-zone.ts';
import { Evaluation } from './evaluation.ts';
import { recordingIcon } from './icons.ts';
import { jobList } from './job-list.ts';
import { JobQueue } from './job-queue.ts';
import { ModelHost } from './model-host.ts';
import { BUILT_IN } from './built-in.ts';
import { type ModelPanel, SUGGESTED } from './model-panel.ts';
import { pageStyles } from './page-styles.ts';
import { problem } from './problem.ts';
import { formatBytes } from './quantities.ts';
import { controls, tokens } from './theme.ts';

const SUGGESTED_BYTES = 459e6; // said as "about"; the exact size is asked for before the download

/** `<sotto-page>`. */
export class Page extends LitElement {
  static override readonly properties = {
    isOver: { state: true },
    dictations: { state: true },
    dictation: { state: true },
    dictationError: { state: true },
    announcement: { state: true },
    evaluations: { state: true },
  };
  static override readonly styles: CSSResultGroup = [tokens, controls, pageStyles];

  declare isOver: boolean;
  /** Newest first; each is its latest update. The first one is still being said while `dictation` says so. */
  declare dictations: readonly StreamUpdate[];
  declare dictation: DictationState;
  declare dictationError: unknown;
  declare announcement: string;
  declare evaluations: readonly Evaluation[];
  readonly #host: ModelHost;
  readonly #queue: JobQueue;
  #scope = new Scope();
  #numDone = 0;

  constructor() {
    super();
    this.isOver = false;
    this.dictations = [];
    this.dictation = 'idle';
    this.dictationError = undefined;
    this.announcement = '';
    this.evaluations = [];
    this.#host = new ModelHost({ name: BUILT_IN }, { assetBase: document.baseURI, ...optionsFromAddress() });
    this.#queue = new JobQueue(() => this.#host);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    acceptFiles(document, this.#scope, {
      onFiles: (files) => this.#take(files),
      onHover: (isOver) => {
        this.isOver = isOver;
      },
    });
    this.#scope.listen(this.#queue, 'change', () => this.#onQueue());
    this.#scope.listen(this.#host, 'change', () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
    this.#host.close();
  }

  protected override render(): TemplateResult {
    return html`
      <header>
        <h1>sotto</h1>
        <p>Speak, or drop a recording. It is written down here, in this tab.</p>
      </header>
      <main>
        <div class=${this.isOver ? 'doors over' : 'doors'}>
          <sotto-dictation-panel
            .host=${this.#host}
            @dictation-start=${this.#onStart}
            @dictation-error=${({ detail }: CustomEvent<unknown>) => (this.dictationError = detail)}
            @dictation-update=${({ detail }: CustomEvent<StreamUpdate>) => (this.dictations = [detail, ...this.dictations.slice(1)])}
            @dictation-cancel=${this.#onCancelled}
            @dictation-state=${(event: CustomEvent<DictationState>) => this.#onDictation(event.detail)}
          ></sotto-dictation-panel>
          <div class="drop">
            <button type="button" class="choose" aria-label="Choose recordings" @click=${this.#choose}>${recordingIcon}</button>
            <p class="title">Recordings</p>
            <p class="quiet">Choose files, or drop them anywhere.</p>
            <input type="file" multiple accept="audio/*,video/*,.nemo,.json,.jsonl" hidden aria-label="Recordings" @change=${this.#onChosen} />
          </div>
        </div>
        ${problem(this.dictationError)}
        <sotto-model-panel .host=${this.#host}></sotto-model-panel>
        ${this.#dictated()} ${this.#evaluated()} ${jobList(this.#queue)} ${this.#suggestion()}
      </main>
      <footer>
        <p>
          Your sound is worked on in this tab and is never sent. The page may talk to its own server and, when you ask for a model, to the host of that
          model; to nobody else.
        </p>
      </footer>
      <div class="hidden-text" role="status" aria-live="polite">${this.announcement}</div>
    `;
  }

  #dictated(): TemplateResult {
    const isOn = isRunning(this.dictation);
    const hint = hintFor(this.dictation, this.#host.state.status === 'loading');
    return html`<div
      class="cards"
      @dictation-remove=${({ detail }: CustomEvent<StreamUpdate>) => {
        this.dictations = this.dictations.filter((update) => update !== detail);
      }}
    >
      ${this.dictations.map(
        (update, index) => html`<sotto-dictation-card
          class="dictated"
          role="region"
          aria-label="Dictation"
          .spoken=${update}
          .isOn=${index === 0 && isOn}
          .hint=${hint}
        ></sotto-dictation-card>`,
      )}
    </div>`;
  }

  #evaluated(): TemplateResult {
    return html`<div
      class="cards"
      @evaluation-remove=${(event: CustomEvent<Evaluation>) => {
        this.evaluations = this.evaluations.filter((evaluation) => evaluation !== event.detail);
      }}
    >
      ${this.evaluations.map((evaluation) => html`<sotto-evaluation .evaluation=${evaluation}></sotto-evaluation>`)}
    </div>`;
  }

  /** After the first success, and only with the built-in model: there is better. */
  #suggestion(): TemplateResult | typeof nothing {
    const { choice } = this.#host;
    const hasSuccess =
      this.#queue.jobs.some(({ status }) => status === 'done') || this.dictations.some(({ isFinal }) => isFinal);
    if (!hasSuccess || !('name' in choice) || choice.name !== BUILT_IN) return nothing;
    return html`<p class="suggestion quiet">
      Better text from a larger model: ${SUGGESTED}, English, about ${formatBytes(SUGGESTED_BYTES)} once.
      <button class="plain" type="button" @click=${this.#suggest}>Look at it</button>
    </p>`;
  }

  #suggest(): void {
    const panel = this.renderRoot.querySelector<ModelPanel>('sotto-model-panel');
    panel?.open(SUGGESTED);
    panel?.scrollIntoView({ block: 'center' });
  }

  #choose(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click();
  }

  #onChosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    this.#take([...(input.files ?? [])]);
    input.value = '';
  }

  #take(files: readonly File[]): void {
    const isModel = (file: File): boolean => /\.nemo$/i.test(file.name);
    const model = files.findLast(isModel);
    if (model) this.#host.use({ source: model, label: model.name }).catch(() => {}); // the model panel shows why
    const isManifest = (file: File): boolean => /\.jsonl?$/i.test(file.name);
    const recordings = files.filter((file) => !isModel(file) && !isManifest(file));
    const manifests = files.filter(isManifest);
    if (manifests.length === 0) this.#queue.add(recordings);
    const added = manifests.map((manifest) => new Evaluation(this.#host, manifest, recordings));
    this.evaluations = [...added, ...this.evaluations];
  }

  #onQueue(): void {
    this.requestUpdate();
    const { jobs } = this.#queue;
    const running = jobs.find(({ status }) => status === 'transcribing');
    const fraction =
      running?.progress?.phase === 'transcribe' &&
      running.progress.totalSeconds &&
      running.progress.seconds / running.progress.totalSeconds;
    document.title = fraction ? `${Math.round(fraction * 100)} % · Sotto` : 'Sotto';
    const done = jobs.filter(({ status }) => status === 'done');
    const last = done.at(-1);
    if (done.length > this.#numDone && last)
      this.announcement = `Transcribed ${last.file.name}: ${countWords(last.settled)}.`;
    this.#numDone = done.length;
  }

  #onStart(): void {
    this.dictationError = undefined;
    this.dictations = [{ ...EMPTY }, ...this.dictations];
  }

  #onCancelled(): void {
    this.dictation = 'idle'; // before the session says so: what goes is no dictation that ended
    this.dictations = this.dictations.slice(1);
    this.announcement = 'Cancelled';
  }

  #onDictation(state: DictationState): void {
    const wasOn = isRunning(this.dictation);
    this.dictation = state;
    if (state === 'listening') this.announcement = 'Listening';
    if (!wasOn || isRunning(state)) return;
    const [last] = this.dictations;
    if (state === 'idle') this.announcement = `Stopped, ${countWords(last ? textOf(last) : '')}.`;
    if (last && textOf(last) === '') this.dictations = this.dictations.slice(1);
  }
}

/** What stands where the words will be. */
function hintFor(dictation: DictationState, isLoading: boolean): string {
  if (dictation === 'settling')
    return isLoading
      ? 'The model is still opening. What you said is written down then.'
      : 'Writing down what you said.';
  return isLoading ? 'Go on speaking: the model is still opening.' : 'Say something.';
}

const EMPTY: StreamUpdate = { committed: '', draft: '', words: [], time: 0, isFinal: false };

function textOf({ committed, draft }: StreamUpdate): string {
  return committed + draft;
}

function isRunning(dictation: DictationState): boolean {
  return dictation !== 'idle' && dictation !== 'error';
}

function countWords(text: string): string {
  const count = text.split(/\s+/).filter(Boolean).length;
  return count === 1 ? '1 word' : `${count} words`;
}

/** `?device=wasm` or `?device=webgpu` forces the device. */
function optionsFromAddress(): { device?: 'webgpu' | 'wasm' } {
  const device = new URLSearchParams(location.search).get('device');
  return device === 'webgpu' || device === 'wasm' ? { device } : {};
}
