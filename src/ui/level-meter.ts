/** Loudness of the microphone, from the real signal: proof that something is heard. Redrawn ten times a second, not per frame. */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html } from 'lit';
import { Scope } from '../base/scope.ts';
import { tokens } from './theme.ts';

const REDRAW_MS = 100; // a meter that animates per frame slows the GPU's callbacks
const NUM_BARS = 5;

/** `<sotto-level-meter>`: set `source`, a function that gives the loudness now, 0 to 1. */
export class LevelMeter extends LitElement {
  static override readonly properties = { source: { attribute: false } };
  static override readonly styles: CSSResultGroup = [
    tokens,
    css`
    :host {
      display: inline-flex;
      align-items: center;
      gap: 3px;
      height: 1.25rem;
    }
    i {
      width: 3px;
      height: 100%;
      border-radius: 2px;
      background: var(--record);
      transform: scaleY(0.16);
    }
  `,
  ];

  declare source: (() => number) | undefined;
  #scope = new Scope();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    this.#tick();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
  }

  protected override render(): TemplateResult {
    return html`${Array.from({ length: NUM_BARS }, () => html`<i></i>`)}`;
  }

  #tick(): void {
    const level = Math.min(1, Math.sqrt(this.source?.() ?? 0) * 1.6);
    const bars = this.renderRoot?.querySelectorAll('i') ?? [];
    for (const [index, bar] of bars.entries()) {
      const weight = 1 - Math.abs(index - (NUM_BARS - 1) / 2) / NUM_BARS;
      bar.style.transform = `scaleY(${Math.max(0.16, level * weight).toFixed(2)})`;
    }
    this.#scope.timeout(() => this.#tick(), REDRAW_MS);
  }
}
