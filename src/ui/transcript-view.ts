/**
 * A transcript to read: settled words in ink, the draft after them set apart, timed words that can be clicked to hear them.
 *
 * Thousands of words are plain spans under one listener; the keyboard reaches every paragraph through the time in its margin. The draft is
 * no live region: screen readers would read every guess.
 */
import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from 'lit';
import type { WordStamp } from '../base/hypothesis.ts';
import { toParagraphs } from './paragraphs.ts';
import { formatClock } from './quantities.ts';
import { controls, tokens } from './theme.ts';

/** `<sotto-transcript-view>`: set `words`, or `settled` and `draft`. Dispatches `sotto-seek` with seconds. */
export class TranscriptView extends LitElement {
  static override readonly properties = {
    words: { attribute: false },
    settled: {},
    draft: {},
    time: { attribute: false },
  };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    css`
    :host {
      display: block;
      font-family: var(--serif);
      font-size: 1.1875rem;
      line-height: 1.65;
      overflow-wrap: anywhere;
    }
    p {
      margin: 0 0 0.9em;
    }
    p:last-child {
      margin-bottom: 0;
    }
    .timed {
      display: grid;
      grid-template-columns: 3.25rem 1fr;
      gap: 0 0.5rem;
      content-visibility: auto;
      contain-intrinsic-height: auto 8em;
    }
    .timed button {
      min-height: 0;
      height: 1.95rem;
      padding: 0;
      border: 0;
      background: none;
      color: var(--quiet);
      font: 0.8125rem / 1.95rem var(--sans);
      font-variant-numeric: tabular-nums;
      text-align: left;
    }
    .timed button:hover {
      color: var(--accent);
    }
    .timed span {
      cursor: pointer;
      border-radius: 3px;
    }
    .timed span:hover {
      background: var(--accent-wash);
    }
    .timed span.now {
      background: var(--accent);
      color: var(--on-accent);
    }
    .draft {
      color: var(--draft);
      font-style: italic;
      text-decoration: underline dotted from-font;
      text-underline-offset: 0.22em;
    }
    .empty {
      color: var(--quiet);
      font-style: italic;
    }
    @media (max-width: 560px) {
      .timed {
        grid-template-columns: 1fr;
      }
      .timed button {
        justify-self: start;
        padding: 0 0.5rem 0 0;
      }
    }
  `,
  ];

  declare words: readonly WordStamp[];
  declare settled: string;
  declare draft: string;
  /** Seconds that the player is at; undefined marks no word. */
  declare time: number | undefined;

  constructor() {
    super();
    this.words = [];
    this.settled = '';
    this.draft = '';
    this.time = undefined;
  }

  protected override render(): TemplateResult {
    if (this.words.length > 0) return this.#timed();
    const draft = this.draft.trimStart();
    const gap = this.draft.slice(0, this.draft.length - draft.length); // outside, or it would be underlined
    return html`<p>
      <span part="settled">${this.settled}</span>${gap}${draft ? html`<span class="draft" part="draft">${draft}</span>` : nothing}
    </p>`;
  }

  #timed(): TemplateResult {
    const now = this.#wordAt(this.time);
    const paragraphs = toParagraphs(this.words);
    return html`<div part="settled" @click=${this.#onClick}>
      ${paragraphs.map(({ firstIndex, words }) => {
        const start = words[0]?.start ?? 0;
        return html`<p class="timed">
          <button type="button" data-start=${start} aria-label=${`Play from ${formatClock(start)}`}>${formatClock(start)}</button>
          <span class="text">${words.map((word, offset) => this.#word(word, firstIndex + offset === now))}</span>
        </p>`;
      })}
    </div>`;
  }

  #word(word: WordStamp, isNow: boolean): TemplateResult {
    return html`<span data-start=${word.start} class=${isNow ? 'now' : nothing}>${word.word}</span> `;
  }

  /** Binary search: the word that is sounding at `time`, or -1. */
  #wordAt(time: number | undefined): number {
    if (time === undefined) return -1;
    let [low, high] = [0, this.words.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.words[middle]?.start ?? 0) <= time) low = middle;
      else high = middle - 1;
    }
    const word = this.words[low];
    return word && word.start <= time && time < word.end + 0.3 ? low : -1;
  }

  #onClick(event: Event): void {
    const start = (event.target as HTMLElement).dataset['start'];
    if (start !== undefined) this.dispatchEvent(new CustomEvent('sotto-seek', { detail: Number(start) }));
  }
}
