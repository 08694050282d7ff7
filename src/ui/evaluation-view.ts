/** Error rates of a manifest: the whole, every file, and what was heard in place of what. */
import { type CSSResultGroup, LitElement, type PropertyValues, type TemplateResult, css, html, nothing } from 'lit';
import { type EditStep, alignEdits } from '../text/edit-distance.ts';
import { splitWords } from '../text/whitespace.ts';
import { type RatedFile, errorRateReport } from '../text/error-rate-report.ts';
import { type ErrorRateDetail, sumErrorRates } from '../text/word-error-rate.ts';
import { Scope } from '../base/scope.ts';
import { cardStyles } from './card-styles.ts';
import type { Evaluation, EvaluationReport } from './evaluation.ts';
import { problem } from './problem.ts';
import { formatClock, formatSpeed } from './quantities.ts';
import { saveText } from './save-text.ts';
import { controls, tokens } from './theme.ts';

/** Pairs of words an alignment may weigh without the page standing still. */
const MAX_ALIGNED = 2e7;

/** `<sotto-evaluation>`: set `evaluation`. Dispatches `evaluation-remove`. */
export class EvaluationView extends LitElement {
  static override readonly properties = { evaluation: { attribute: false } };
  static override readonly styles: CSSResultGroup = [
    tokens,
    controls,
    cardStyles,
    css`
    header {
      align-items: center;
      gap: 0.5rem;
    }
    .total {
      margin: 0.6rem 0 0.2rem;
      font: 400 1.75rem/1.2 var(--serif);
    }
    table {
      width: 100%;
      margin-top: 0.85rem;
      border-collapse: collapse;
      font-size: 0.875rem;
      font-variant-numeric: tabular-nums;
    }
    th,
    td {
      padding: 0.35rem 0.5rem 0.35rem 0;
      border-top: 1px solid var(--line);
      text-align: left;
      vertical-align: top;
      overflow-wrap: anywhere; /* paths have no spaces, and numbers need their place */
    }
    th {
      font-weight: 500;
      color: var(--quiet);
    }
    th:last-child,
    td:last-child {
      padding-right: 0;
    }
    abbr {
      text-decoration: none;
    }
    .number {
      text-align: right;
      white-space: nowrap;
    }
    .words {
      margin: 0.35rem 0 0;
      line-height: 1.9;
      overflow-wrap: anywhere;
    }
    del {
      color: var(--record);
    }
    @media (max-width: 560px) {
      table {
        font-size: 0.8125rem;
      }
    }
    ins {
      color: var(--accent);
      text-decoration: none;
      font-weight: 600;
    }
  `,
  ];

  declare evaluation: Evaluation;
  /** Files whose words are shown: aligning all of them would cost too much. */
  readonly #open = new Set<RatedFile>();
  #scope = new Scope();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('evaluation')) return;
    this.#scope.dispose();
    this.#scope = new Scope();
    this.#scope.listen(this.evaluation, 'change', () => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    const { evaluation } = this;
    const { name, report, status, numFiles } = evaluation;
    const isRunning = status === 'running';
    const numDone = report?.files.length ?? 0;
    return html`
      <header>
        <h2 title=${name}>${name}</h2>
        ${isRunning ? html`<button class="plain" type="button" @click=${() => evaluation.cancel()}>Cancel</button>` : nothing}
        ${isRunning ? nothing : html`<button class="plain" type="button" aria-label=${`Remove ${name}`} @click=${this.#remove}>Remove</button>`}
      </header>
      <p class="facts quiet" data-status=${status}>${factsOf(evaluation)}</p>
      ${isRunning ? html`<progress max=${Math.max(1, numFiles)} value=${numDone} aria-label=${`Progress of ${name}`}></progress>` : nothing}
      ${problem(evaluation.error)} ${report ? this.#rates(report) : nothing}
      ${
        report && !isRunning
          ? html`<footer class="row"><button type="button" @click=${this.#save}>Save as JSON</button></footer>`
          : nothing
      }
    `;
  }

  #rates({ files }: EvaluationReport): TemplateResult {
    const words = sumErrorRates(files.map((file) => file.words));
    const characters = sumErrorRates(files.map((file) => file.characters));
    return html`<p class="total" part="total">${`WER\u00a0${percent(words)}`} · ${`CER\u00a0${percent(characters)}`}</p>
      <p class="quiet">${counts(words)} in ${words.words} words</p>
      <table>
        <thead>
          <tr>
            <th>Recording</th>
            <th class="number"><abbr title="Word error rate">WER</abbr></th>
            <th class="number"><abbr title="Character error rate">CER</abbr></th>
            <th class="number"><abbr title="Words substituted, inserted, deleted">S / I / D</abbr></th>
          </tr>
        </thead>
        <tbody>${files.map((file) => this.#row(file))}</tbody>
      </table>`;
  }

  #row(file: RatedFile): TemplateResult {
    const { audio, words, characters } = file;
    const onToggle = (event: Event): void => {
      if ((event.target as HTMLDetailsElement).open) this.#open.add(file);
      else this.#open.delete(file);
      this.requestUpdate();
    };
    return html`<tr>
      <td>
        ${audio}
        <details .open=${this.#open.has(file)} @toggle=${onToggle}>
          <summary class="quiet">Words</summary>
          ${this.#open.has(file) ? aligned(file) : nothing}
        </details>
      </td>
      <td class="number">${percent(words)}</td>
      <td class="number">${percent(characters)}</td>
      <td class="number">${words.substitutions} / ${words.insertions} / ${words.deletions}</td>
    </tr>`;
  }

  #save(): void {
    const { report, name } = this.evaluation;
    if (!report) return;
    const { files, seconds, ...about } = report;
    const text = JSON.stringify(errorRateReport(files, seconds, about), null, 2);
    saveText(`${text}\n`, `${name.replace(/\.jsonl?$/i, '')}.wer.json`);
  }

  #remove(): void {
    this.dispatchEvent(
      new CustomEvent('evaluation-remove', { detail: this.evaluation, bubbles: true, composed: true }),
    );
  }
}

function factsOf({ status, report, numFiles }: Evaluation): string {
  const files = report?.files ?? [];
  const recordings = numFiles === 1 ? 'recording' : 'recordings';
  const done = status === 'done' ? `${numFiles} ${recordings}` : `${files.length} of ${numFiles} ${recordings}`;
  if (status === 'failed' && !report) return 'Not evaluated';
  const facts = [status === 'running' && numFiles === 0 ? 'Reading the manifest' : done];
  if (status === 'cancelled') facts.unshift('Cancelled');
  if (report) {
    const duration = files.reduce((sum, file) => sum + file.duration, 0);
    const speed = formatSpeed(duration / Math.max(0.001, report.seconds.total));
    facts.push(formatClock(duration), `${speed} on ${report.device}, ${report.precision}`, report.model);
  }
  return facts.join(' · ');
}

/** Struck out: what should have been heard. Set off: what was heard instead. */
function aligned({ reference, text }: RatedFile): TemplateResult {
  const [expected, heard] = [splitWords(reference), splitWords(text)];
  if (expected.length * heard.length > MAX_ALIGNED)
    return html`<p class="quiet">Too long to be shown word by word.</p>`;
  const steps = alignEdits(expected, heard);
  return html`<p class="words">${steps.map(step)}</p>`;
}

function step({ kind, reference, hypothesis }: EditStep): TemplateResult {
  if (kind === 'equal') return html`${reference} `;
  return html`${reference === undefined ? nothing : html`<del title=${kind}>${reference}</del> `}${
    hypothesis === undefined ? nothing : html`<ins title=${kind}>${hypothesis}</ins> `
  }`;
}

function percent({ wer, words }: ErrorRateDetail): string {
  return words === 0 ? '–' : `${(100 * wer).toFixed(2)}\u00a0%`;
}

function counts({ substitutions, insertions, deletions }: ErrorRateDetail): string {
  return `${substitutions} substituted, ${insertions} inserted, ${deletions} deleted`;
}
