/**
 * `<sotto-dictation for="id">`: a microphone button that writes into any field of somebody else's page.
 *
 * Words being said are shown in an overlay; the field only gets settled phrases, each as one step of its own undo. Without `for` it writes
 * into the field that has the focus when it starts, or, with a `name`, into its own value: then it is a field of its form. Pressing never
 * takes the focus away.
 */
import {
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import { Scope } from '../base/scope.ts';
import type { StreamUpdate } from '../rpc/protocol.ts';
import { CompositionGuard } from './composition-guard.ts';
import { DictationSession, type DictationState } from './dictation-session.ts';
import { DictationAttributes } from './dictation-attributes.ts';
import { dictationOverlay } from './dictation-overlay.ts';
import { dictationStyles } from './dictation-styles.ts';
import { DictationTarget, findField } from './dictation-target.ts';
import { progressDetail, send } from './element-events.ts';
import { describeError } from './error-message.ts';
import { type Hotkey, parseHotkey, watchHotkey } from './hotkey.ts';
import { microphoneIcon, stopIcon } from './icons.ts';
import type { ModelHost } from './model-host.ts';
import type { Phrase } from './phrases.ts';
import { PressGesture, watchButton } from './press-gesture.ts';
import { joinAtCaret } from './seam.ts';
import { type LentHost, borrowHost } from './shared-host.ts';
import { holdSubmit } from './submit-hold.ts';
import { controls, tokens } from './theme.ts';

const EDGE = 8; // pixels between the overlay and the edge of the page
const LINGER_MS = 3500; // the overlay stays this long after the last word

/** The element; its attributes, methods, events and parts are a contract. */
export class DictationElement extends DictationAttributes {
  static override readonly properties: PropertyDeclarations = {
    current: { state: true },
    shown: { state: true },
    error: { state: true },
    isShown: { state: true },
    announcement: { state: true },
    secondsLeft: { state: true },
  };
  static override readonly styles: CSSResultGroup = [tokens, controls, dictationStyles];

  declare current: DictationState;
  declare shown: StreamUpdate | undefined;
  declare error: unknown;
  declare isShown: boolean;
  declare announcement: string;
  declare secondsLeft: number | undefined;
  #scope = new Scope();
  #guard: CompositionGuard | undefined;
  #gesture: PressGesture | undefined;
  #lent: LentHost | undefined;
  #lentScope = new Scope();
  #session: DictationSession | undefined;
  #target: DictationTarget | undefined;
  #hotkey: Hotkey | undefined;
  #numWords = 0;

  constructor() {
    super();
    this.current = 'idle';
    this.shown = undefined;
    this.error = undefined;
    this.isShown = false;
    this.announcement = '';
    this.secondsLeft = undefined;
  }

  /** `idle`, `opening`, `listening`, `speaking`, `settling` or `error`. */
  get state(): DictationState {
    return this.current;
  }

  /** Starts listening; call it from a click or key handler. Failures come as `sotto-error`. */
  async start(): Promise<void> {
    if (this.isDisabled || this.#isActive()) return;
    const field = this.hasValue ? undefined : findField(this, this.for);
    this.#target = new DictationTarget(field, this.#scope, { isInline: this.draft === 'inline' });
    this.error = undefined;
    this.shown = undefined;
    this.#numWords = 0;
    const host = this.#borrow();
    const { phrasePause, autoStop, vad } = this;
    this.#session = new DictationSession(
      host,
      {
        onState: (to, from) => this.#onState(to, from),
        onUpdate: (update) => this.#onUpdate(update),
        onPhrase: (phrase) => this.#guard?.run(() => this.#commit(phrase)),
        onPending: (text) => this.#guard?.run(() => this.#target?.show(text)),
        onCountdown: (secondsLeft) => {
          this.secondsLeft = secondsLeft;
        },
        mayStop: () => this.mode !== 'hold' && !this.#gesture?.isHeld,
        onUtterance: (utterance) => send(this, 'sotto-utterance-end', utterance),
        onError: (error) => this.#onError(error),
      },
      {
        ...(phrasePause !== null && { phrasePause: phrasePause / 1000 }),
        ...(autoStop !== null && autoStop > 0 && { autoStop }),
        ...(vad && { vad }),
      },
    );
    await this.#session.start();
  }

  /** Stops listening; words still being decoded are written. */
  async stop(): Promise<void> {
    await this.#session?.stop();
  }

  /** Stops and writes nothing more. */
  async cancel(): Promise<void> {
    this.#target?.clear();
    await this.#session?.cancel();
    this.isShown = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    this.#guard = new CompositionGuard(this.#scope);
    this.#scope.listen<KeyboardEvent>(document, 'keydown', (event) => this.#onKey(event));
    holdSubmit(this.#scope, {
      form: () => (this.hasValue ? this.form : (this.#target?.form ?? null)),
      isBusy: () => this.#isActive(),
      settle: () => this.stop(),
    });
    if (this.hasUpdated) this.#watchPresses();
    if (this.preload === 'model')
      this.#borrow()
        .model()
        .catch(() => {}); // told when it is used
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session?.cancel().catch(reportError);
    this.#scope.dispose();
    this.#giveBack();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('hotkey')) return;
    this.#hotkey = undefined;
    if (!this.hotkey) return;
    try {
      this.#hotkey = parseHotkey(this.hotkey, /^(?:Mac|iP)/.test(navigator.platform));
    } catch (error) {
      reportError(error); // an attribute must not break the page around it
    }
  }

  protected override firstUpdated(): void {
    this.#watchPresses();
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
        aria-keyshortcuts=${this.#hotkey ? this.hotkey : nothing}
        title=${this.#hotkey ? `Dictate (${this.hotkey})` : nothing}
        ?disabled=${this.isDisabled || this.current === 'settling'}
      >
        <slot name="icon"><span part="icon">${isOn ? stopIcon : microphoneIcon}</span></slot>
        ${isOn ? html`<sotto-level-meter part="meter" .source=${() => this.#session?.level ?? 0}></sotto-level-meter>` : nothing}
        <slot></slot>
      </button>
      ${
        this.isShown && this.draft !== 'none'
          ? dictationOverlay({
              state: this.current,
              update: this.#target?.showsDraft ? undefined : this.shown,
              error: this.error,
              isLoading: this.#lent?.host.state.status === 'loading',
              secondsLeft: this.secondsLeft,
              onClose: () => {
                this.isShown = false;
              },
            })
          : nothing
      }
      <span class="hidden-text" role="status" aria-live="polite">${this.announcement}</span>
    `;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const overlay = changed.has('isShown') && this.renderRoot.querySelector<HTMLElement>('.overlay');
    if (!overlay) return;
    // Its width is fixed, so once is enough: near the right edge it moves to the left instead of out of the page.
    const beyond = overlay.getBoundingClientRect().right + EDGE - document.documentElement.clientWidth;
    if (beyond > 0) overlay.style.left = `${-beyond}px`;
  }

  #watchPresses(): void {
    const button = this.renderRoot.querySelector('button');
    if (!button) return;
    this.#gesture = new PressGesture(this.#scope, () => this.mode, this);
    watchButton(button, this.#scope, this.#gesture);
    watchHotkey(this.#scope, this.#gesture, () => (this.isDisabled ? undefined : this.#hotkey));
  }

  /** The model that the attributes name now: changed ones count from the next dictation on. */
  #borrow(): ModelHost {
    if (this.#lent?.fits(this)) return this.#lent.host;
    this.#giveBack();
    this.#lent = borrowHost(this);
    const { host } = this.#lent;
    this.#lentScope = this.#scope.child();
    this.#lentScope.listen(host, 'change', () => this.#onHost(host));
    return host;
  }

  #giveBack(): void {
    this.#lentScope.dispose();
    this.#lent?.giveBack();
    this.#lent = undefined;
  }

  #commit(phrase: Phrase): void {
    const { text, words, start, end, id } = phrase;
    this.#numWords += text.split(/\s+/).filter(Boolean).length;
    if (this.announce === 'phrases') this.announcement = text;
    this.#target?.clear();
    if (!send(this, 'sotto-commit', { text, words, start, end, id })) return;
    if (!this.#target?.write(text)) this.value += joinAtCaret(this.value, text, '');
  }

  #onState(to: DictationState, from: DictationState): void {
    this.current = to;
    this.internals.states.delete(from);
    this.internals.states.add(to);
    this.isShown = true;
    const state = this.#lent?.host.state;
    send(this, 'sotto-state', { from, to, device: state?.status === 'ready' ? state.model.report.device : undefined });
    const time = this.shown?.time ?? 0;
    if (to === 'speaking') send(this, 'sotto-speech-start', { time });
    if (from === 'speaking') send(this, 'sotto-speech-end', { time });
    if (to === 'listening' && from === 'opening') this.announcement = 'Listening';
    this.secondsLeft = undefined;
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
    if (!this.#target?.isFocused) return;
    event.preventDefault();
    this.cancel().catch(reportError);
  }

  #isActive(): boolean {
    return this.current !== 'idle' && this.current !== 'error';
  }
}
