/** The page's own dictation: a large microphone button, and above everything else the words as they are said. */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from 'lit';
import { messageOf } from '../base/errors.ts';
import { Scope } from '../base/scope.ts';
import { DictationSession, type DictationState } from './dictation-session.ts';
import { microphoneIcon, stopIcon } from './icons.ts';
import type { ModelHost } from './model-host.ts';
import { formatClock } from './quantities.ts';
import { controls, tokens } from './theme.ts';

const STATE_TEXT: Record<DictationState, string> = {
  idle: 'Speak',
  opening: 'Opening the microphone',
  listening: 'Listening',
  speaking: 'Listening',
  settling: 'Writing down the last words',
  error: 'Speak',
};

/** `<sotto-dictation-panel>`: set `host`. Dispatches `dictation-start`, `-update` (a `StreamUpdate`), `-state`, `-error` and `-cancel`. */
export class DictationPanel extends LitElement {
  static override readonly properties = {
    host: { attribute: false },
    state: { state: true },
    notice: { state: true },
  };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    css`
    :host {
      display: flex;
      flex-direction: column;
      align-items: center;
      text-align: center;
    }
    .record {
      display: grid;
      place-items: center;
      width: 6rem;
      height: 6rem;
      padding: 0;
      border: 0;
      border-radius: 50%;
      background: var(--accent);
      color: var(--on-accent);
      box-shadow: 0 0 0 8px var(--accent-wash);
    }
    .record:hover {
      color: var(--on-accent);
      background: color-mix(in oklab, var(--accent) 93%, var(--surface));
    }
    .record.on {
      background: var(--record);
      color: var(--on-record);
      box-shadow: 0 0 0 8px var(--warn-wash);
    }
    .record.on:hover {
      background: color-mix(in oklab, var(--record) 93%, var(--surface));
    }
    .record:focus-visible {
      outline-offset: 10px;
    }
    .record svg {
      width: 2.25rem;
      height: 2.25rem;
    }
    .state {
      display: flex;
      align-items: center;
      justify-content: center;
      gap: 0.6rem;
      min-height: 1.5rem;
      margin: 1.1rem 0 0;
      font-weight: 600;
      font-variant-numeric: tabular-nums;
    }
    .hint {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: center;
      gap: 0 0.5rem;
      min-height: 2rem; /* that of the button in it: nothing moves when it comes */
      margin: 0;
      text-wrap: balance;
    }
    @media (max-width: 560px) {
      .record {
        width: 5rem;
        height: 5rem;
      }
      .state {
        gap: 0.4rem;
        font-size: 0.9375rem;
      }
    }
  `,
  ];

  declare host: ModelHost;
  declare state: DictationState;
  declare notice: string;
  #session: DictationSession | undefined;
  #startedAt = 0;
  #hasWords = false;
  #isCancelled = false;
  #scope = new Scope();

  constructor() {
    super();
    this.state = 'idle';
    this.notice = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session?.cancel().catch(reportError);
    this.#scope.dispose();
    this.#scope = new Scope();
  }

  protected override render(): TemplateResult {
    const isOn = this.state === 'opening' || this.state === 'listening' || this.state === 'speaking';
    return html`
      <button
        class=${isOn ? 'record on' : 'record'}
        part="button"
        type="button"
        aria-pressed=${isOn}
        aria-label="Dictate"
        ?disabled=${this.state === 'settling'}
        @click=${this.#toggle}
      >
        ${isOn ? stopIcon : microphoneIcon}
      </button>
      <p class="state" part="status">
        ${isOn && this.#session ? html`<sotto-level-meter .source=${() => this.#session?.level ?? 0}></sotto-level-meter>` : nothing}
        <span>${STATE_TEXT[this.state]}</span>
        ${isOn && this.#startedAt ? html`<span>${formatClock((performance.now() - this.#startedAt) / 1000)}</span>` : nothing}
      </p>
      <p class="hint quiet">
        ${
          isOn
            ? html`<span>${this.notice || (this.state === 'opening' ? 'Allow it if the browser asks.' : 'Press again to stop.')}</span> <button class="plain" type="button" @click=${this.#cancel}>Cancel</button>`
            : this.notice || (this.state === 'settling' ? '' : 'The words appear while you talk.')
        }
      </p>
    `;
  }

  #toggle(): void {
    if (this.#session && this.state !== 'idle' && this.state !== 'error') {
      this.#session.stop().catch(reportError);
      return;
    }
    this.#startedAt = 0;
    this.#hasWords = false;
    this.#isCancelled = false;
    this.notice = '';
    this.#session = new DictationSession(this.host, {
      onState: (to) => this.#onState(to),
      onUpdate: (update) => {
        this.#hasWords ||= update.committed !== '' || update.draft !== '';
        this.#tell('dictation-update', update);
      },
      onMuted: (error) => {
        this.notice = error === null ? '' : messageOf(error);
      },
      onError: (error) => this.#tell('dictation-error', error),
    });
    this.#tell('dictation-start', undefined);
    this.#session.start().catch(reportError);
  }

  #cancel(): void {
    this.#isCancelled = true;
    this.#tell('dictation-cancel', undefined);
    this.#session?.cancel().catch(reportError);
  }

  #onState(to: DictationState): void {
    this.state = to;
    if (to === 'listening' && this.#startedAt === 0) {
      this.#startedAt = performance.now();
      this.#tick();
    }
    if (to === 'settling') this.notice = '';
    if (to === 'idle' && !this.#hasWords && !this.#isCancelled) this.notice = 'No words were heard.';
    this.#tell('dictation-state', to);
  }

  #tick(): void {
    if (this.state !== 'listening' && this.state !== 'speaking') return;
    this.requestUpdate();
    this.#scope.timeout(() => this.#tick(), 1000);
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
