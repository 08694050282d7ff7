/**
 * `<sotto-dictation for="id">`: a microphone button that writes into any field of somebody else's page.
 *
 * Words being said are shown in an overlay; the field only gets settled phrases, each as one step of its own undo. Without `for` it writes
 * into the field that has the focus when it starts. Pressing never takes the focus away.
 */
import { type CSSResultGroup, html, LitElement, nothing, type TemplateResult } from 'lit';
import { Scope } from '../base/scope.ts';
import type { StreamUpdate } from '../rpc/protocol.ts';
import { CompositionGuard } from './composition-guard.ts';
import { DictationSession, type DictationState } from './dictation-session.ts';
import { dictationStyles } from './dictation-styles.ts';
import { progressDetail, send } from './element-events.ts';
import { describeError } from './error-message.ts';
import { microphoneIcon, stopIcon } from './icons.ts';
import { type Field, focusedField, insertPhrase, isWritable } from './insertion.ts';
import type { ModelHost } from './model-host.ts';
import type { Phrase } from './phrases.ts';
import { PressGesture } from './press-gesture.ts';
import { problem } from './problem.ts';
import { borrowHost } from './shared-host.ts';
import { controls, tokens } from './theme.ts';

const LINGER_MS = 3500; // the overlay stays this long after the last word

/** The element; its attributes, methods, events and parts are a contract. */
export class DictationElement extends LitElement {
  static override readonly properties = {
    for: { reflect: true },
    checkpoint: { reflect: true },
    device: { reflect: true },
    mode: { reflect: true },
    draft: { reflect: true },
    phrasePause: { type: Number, attribute: 'phrase-pause' },
    assetBase: { attribute: 'asset-base' },
    disabled: { type: Boolean, reflect: true },
    current: { state: true },
    shown: { state: true },
    error: { state: true },
    isShown: { state: true },
    announcement: { state: true },
  };
  static override readonly styles: CSSResultGroup = [tokens, controls, dictationStyles];

  /** `id` of the field; empty for the focused one. */
  declare for: string | null;
  declare checkpoint: string | null;
  declare device: string | null;
  /** `auto` (hold or tap), `hold` or `toggle`. */
  declare mode: string | null;
  /** `overlay` or `none`. */
  declare draft: string | null;
  /** Milliseconds of silence after which a phrase is written. @default 600 */
  declare phrasePause: number | null;
  declare assetBase: string | null;
  declare disabled: boolean;
  declare current: DictationState;
  declare shown: StreamUpdate | undefined;
  declare error: unknown;
  declare isShown: boolean;
  declare announcement: string;
  readonly #internals: ElementInternals;
  #scope = new Scope();
  #guard: CompositionGuard | undefined;
  #gesture: PressGesture | undefined;
  #lent: { readonly host: ModelHost; readonly giveBack: () => void } | undefined;
  #session: DictationSession | undefined;
  #field: Field | undefined;
  #numWords = 0;

  constructor() {
    super();
    this.#internals = this.attachInternals();
    this.for = null;
    this.checkpoint = null;
    this.device = null;
    this.mode = null;
    this.draft = null;
    this.phrasePause = null;
    this.assetBase = null;
    this.disabled = false;
    this.current = 'idle';
    this.shown = undefined;
    this.error = undefined;
    this.isShown = false;
    this.announcement = '';
  }

  /** `idle`, `opening`, `listening`, `speaking`, `settling` or `error`. */
  get state(): DictationState {
    return this.current;
  }

  /** Starts listening; call it from a click or key handler. Failures come as `sotto-error`. */
  async start(): Promise<void> {
    if (this.disabled || this.#isActive()) return;
    this.#field = this.#findField();
    this.error = undefined;
    this.shown = undefined;
    this.#numWords = 0;
    const host = this.#borrow();
    const pause = this.phrasePause;
    this.#session = new DictationSession(
      host,
      {
        onState: (to, from) => this.#onState(to, from),
        onUpdate: (update) => this.#onUpdate(update),
        onPhrase: (phrase) => this.#guard?.run(() => this.#commit(phrase)),
        onUtterance: (utterance) => send(this, 'sotto-utterance-end', utterance),
        onError: (error) => this.#onError(error),
      },
      pause === null ? {} : { phrasePause: pause / 1000 },
    );
    await this.#session.start();
  }

  /** Stops listening; words still being decoded are written. */
  async stop(): Promise<void> {
    await this.#session?.stop();
  }

  /** Stops and writes nothing more. */
  async cancel(): Promise<void> {
    await this.#session?.cancel();
    this.isShown = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    this.#guard = new CompositionGuard(this.#scope);
    this.#scope.listen<KeyboardEvent>(document, 'keydown', (event) => this.#onKey(event));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session?.cancel().catch(reportError);
    this.#scope.dispose();
    this.#lent?.giveBack();
    this.#lent = undefined;
  }

  protected override firstUpdated(): void {
    const button = this.renderRoot.querySelector('button');
    if (button) this.#gesture = new PressGesture(button, this.#scope, () => this.mode, this);
  }

  protected override render(): TemplateResult {
    const isOn = this.current === 'opening' || this.current === 'listening' || this.current === 'speaking';
    return html`
      <button
        part="button"
        class=${isOn ? 'on' : ''}
        type="button"
        aria-label="Dictate"
        aria-pressed=${isOn}
        ?disabled=${this.disabled || this.current === 'settling'}
      >
        <slot name="icon"><span part="icon">${isOn ? stopIcon : microphoneIcon}</span></slot>
        ${isOn ? html`<sotto-level-meter part="meter" .source=${() => this.#session?.level ?? 0}></sotto-level-meter>` : nothing}
        <slot></slot>
      </button>
      ${this.#overlay()}
      <span class="hidden-text" role="status" aria-live="polite">${this.announcement}</span>
    `;
  }

  #overlay(): TemplateResult | typeof nothing {
    if (!this.isShown || this.draft === 'none') return nothing;
    const update = this.shown;
    const isEmpty = !update || (update.committed === '' && update.draft === '');
    const isLoading = this.#lent?.host.state.status === 'loading';
    const hint =
      this.current === 'opening' || this.current === 'idle'
        ? ''
        : isLoading
          ? 'Go on speaking: the model is opening.'
          : 'Listening.';
    return html`<div part="overlay" class="overlay">
      ${this.error === undefined ? nothing : problem(this.error)}
      ${
        isEmpty
          ? html`<span part="status" class="quiet">${hint}</span>`
          : html`<p><span part="settled">${update.committed}</span><span part="draft" class="draft">${update.draft}</span></p>`
      }
    </div>`;
  }

  #borrow(): ModelHost {
    if (this.#lent) return this.#lent.host;
    this.#lent = borrowHost(this);
    const { host } = this.#lent;
    this.#scope.listen(host, 'change', () => this.#onHost(host));
    return host;
  }

  #commit(phrase: Phrase): void {
    const { text, words, start, end, id } = phrase;
    this.#numWords += text.split(/\s+/).filter(Boolean).length;
    if (!send(this, 'sotto-commit', { text, words, start, end, id })) return;
    if (this.#field) insertPhrase(this.#field, text);
  }

  #onState(to: DictationState, from: DictationState): void {
    this.current = to;
    this.#internals.states.delete(from);
    this.#internals.states.add(to);
    this.isShown = true;
    const state = this.#lent?.host.state;
    send(this, 'sotto-state', { from, to, device: state?.status === 'ready' ? state.model.report.device : undefined });
    const time = this.shown?.time ?? 0;
    if (to === 'speaking') send(this, 'sotto-speech-start', { time });
    if (from === 'speaking') send(this, 'sotto-speech-end', { time });
    if (to === 'listening' && from === 'opening') this.announcement = 'Listening';
    if (to !== 'idle') return;
    this.announcement = `Stopped, ${this.#numWords} ${this.#numWords === 1 ? 'word' : 'words'}.`;
    this.#gesture?.release();
    this.#scope.timeout(() => {
      if (this.current === 'idle') this.isShown = false;
    }, LINGER_MS);
  }

  #onUpdate(update: StreamUpdate): void {
    this.shown = update;
    const { committed, draft, words, time } = update;
    send(this, 'sotto-draft', { committed, draft, words, time });
  }

  #onHost(host: ModelHost): void {
    this.requestUpdate();
    if (host.state.status === 'loading' && host.state.progress)
      send(this, 'sotto-progress', progressDetail(host.state.progress));
  }

  #onError(error: unknown): void {
    this.error = error;
    const { code, detail, remedy } = describeError(error);
    send(this, 'sotto-error', { code, message: detail, remedy });
  }

  #onKey(event: KeyboardEvent): void {
    // Esc belongs to the page except while its user is dictating into our field.
    if (event.key !== 'Escape' || event.isComposing || !this.#isActive()) return;
    if (this.#field && focusedField() !== this.#field) return;
    event.preventDefault();
    this.cancel().catch(reportError);
  }

  #isActive(): boolean {
    return this.current !== 'idle' && this.current !== 'error';
  }

  #findField(): Field | undefined {
    if (!this.for) return focusedField();
    const root = this.getRootNode();
    const scope = root instanceof ShadowRoot ? root : document;
    const element = scope.getElementById(this.for);
    return isWritable(element) ? element : undefined;
  }
}
