/**
 * A transcript to read: settled words in ink, the draft after them set apart, timed words that can be clicked to hear them.
 *
 * Hours of text are laid out in blocks that do not change, and only paragraphs near the screen have their words apart as spans; the keyboard
 * reaches every paragraph through the time in its margin. The draft is no live region: screen readers would read every guess.
 */
import { type CSSResultGroup, LitElement, type PropertyValues, type TemplateResult, css, html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { WordStamp } from '../base/hypothesis.ts';
import { Scope } from '../base/scope.ts';
import { type Paragraph, toParagraphs } from './paragraphs.ts';
import { formatClock } from './quantities.ts';
import { toBlocks } from './text-blocks.ts';
import { controls, tokens } from './theme.ts';

/** How far around the screen words are apart already. */
const MARGIN = '600px';

/** `<sotto-transcript-view>`: set `words`, or `settled` and `draft`. Dispatches `sotto-seek` with seconds. */
export class TranscriptView extends LitElement {
  static override readonly properties = {
    words: { attribute: false },
    settled: {},
    draft: {},
    empty: {},
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
    }
    .timed,
    .block {
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
  /** Shown when there are no words. */
  declare empty: string;
  /** Seconds that the player is at; undefined marks no word. */
  declare time: number | undefined;

  #paragraphs: readonly Paragraph[] = [];
  /** Paragraphs near the screen. */
  #shown = new Set<number>();
  #scope = new Scope();
  #observer: IntersectionObserver | undefined;

  constructor() {
    super();
    this.words = [];
    this.settled = '';
    this.draft = '';
    this.empty = '';
    this.time = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
    this.#scope = new Scope();
    this.#observer = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('words')) return;
    this.#paragraphs = toParagraphs(this.words);
    this.#shown.clear();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('words') || (this.#paragraphs.length > 0 && !this.#observer)) this.#observe();
  }

  protected override render(): TemplateResult {
    if (this.words.length > 0) return this.#timed();
    if (this.settled === '' && this.draft === '') return html`<p class="empty">${this.empty}</p>`;
    const draft = this.draft.trimStart();
    const gap = this.draft.slice(0, this.draft.length - draft.length); // outside, or it would be underlined
    const blocks = toBlocks(this.settled);
    const last = blocks.pop() ?? '';
    return html`${blocks.map((block) => html`<p class="block"><span part="settled">${block}</span></p>`)}<p>
      <span part="settled">${last}</span>${gap}${draft ? html`<span class="draft" part="draft">${draft}</span>` : nothing}
    </p>`;
  }

  #timed(): TemplateResult {
    const now = this.#wordAt(this.time);
    return html`<div part="settled" @click=${this.#onClick}>
      ${this.#paragraphs.map((paragraph, index) => {
        const { firstIndex, words } = paragraph;
        const isNow = now >= firstIndex && now < firstIndex + words.length;
        const isApart = isNow || this.#shown.has(index);
        return guard([paragraph, isApart, isNow ? now : -1], () => paragraphOf(paragraph, isApart, now));
      })}
    </div>`;
  }

  /** Watches which paragraphs come near the screen. */
  #observe(): void {
    this.#observer ??= this.#createObserver();
    this.#observer.disconnect();
    for (const paragraph of this.renderRoot.querySelectorAll('.timed')) this.#observer.observe(paragraph);
  }

  #createObserver(): IntersectionObserver {
    const observer = new IntersectionObserver(
      (entries) => {
        const paragraphs = [...this.renderRoot.querySelectorAll('.timed')];
        for (const { target, isIntersecting } of entries) {
          const index = paragraphs.indexOf(target);
          if (isIntersecting) this.#shown.add(index);
          else this.#shown.delete(index);
        }
        this.requestUpdate();
      },
      { rootMargin: MARGIN },
    );
    this.#scope.onDispose(() => observer.disconnect());
    return observer;
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

function paragraphOf({ firstIndex, words }: Paragraph, isApart: boolean, now: number): TemplateResult {
  const start = words[0]?.start ?? 0;
  return html`<p class="timed">
    <button type="button" data-start=${start} aria-label=${`Play from ${formatClock(start)}`}>${formatClock(start)}</button>
    <span class="text">${isApart ? words.map((word, offset) => wordSpan(word, firstIndex + offset === now)) : words.map(({ word }) => word).join(' ')}</span>
  </p>`;
}

function wordSpan(word: WordStamp, isNow: boolean): TemplateResult {
  return html`<span data-start=${word.start} class=${isNow ? 'now' : nothing}>${word.word}</span> `;
}
