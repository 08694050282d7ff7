/** One dictation: the words as they are said, afterwards the ways to keep them. */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from 'lit';
import type { StreamUpdate } from '../rpc/protocol.ts';
import { BriefNote } from './brief-note.ts';
import { cardStyles } from './card-styles.ts';
import { copyText } from './clipboard.ts';
import { saveText } from './save-text.ts';
import { controls, tokens } from './theme.ts';

/** `<sotto-dictation-card>`: set `spoken`, `isOn` and `hint`. Dispatches `dictation-remove`. */
export class DictationCard extends LitElement {
  static override readonly properties = { spoken: { attribute: false }, isOn: { type: Boolean }, hint: {} };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    cardStyles,
    css`
    .hint {
      margin: 0;
      color: var(--quiet);
      font: italic 1.1875rem/1.65 var(--serif);
    }
  `,
  ];

  declare spoken: StreamUpdate;
  /** The words still come. */
  declare isOn: boolean;
  /** Shown until the first word. */
  declare hint: string;
  readonly #note: BriefNote;

  constructor() {
    super();
    this.isOn = false;
    this.hint = '';
    this.#note = new BriefNote(this);
  }

  protected override render(): TemplateResult {
    const { isOn, hint } = this;
    const { committed, draft } = this.spoken;
    if (committed === '' && draft === '') return html`<p class="hint">${hint}</p>`;
    if (isOn) return html`<sotto-transcript-view .settled=${committed} .draft=${draft}></sotto-transcript-view>`;
    // A dictation that broke off has words that never settled: they were said, so they stay.
    const text = (committed + draft).trim();
    return html`<sotto-transcript-view .settled=${text}></sotto-transcript-view>
      <footer class="row">
        <button type="button" @click=${() => copyText(text).then((note) => this.#note.say(note))}>Copy text</button>
        <button type="button" @click=${() => saveText(`${text}\n`, 'dictation.txt')}>TXT</button>
        <button class="plain" type="button" @click=${this.#remove}>Remove</button>
        <span class="note quiet" role="status">${this.#note.text || nothing}</span>
      </footer>`;
  }

  #remove(): void {
    this.dispatchEvent(new CustomEvent('dictation-remove', { detail: this.spoken, bubbles: true, composed: true }));
  }
}
