/** An error as every element shows it: what happened, what to do, and the engine's own sentence folded away. */
import { html, nothing, type TemplateResult } from 'lit';
import { describeError } from './error-message.ts';

/** A block for `error`; nothing when there is none. */
export function problem(error: unknown): TemplateResult | typeof nothing {
  if (error === undefined) return nothing;
  const { code, title, remedy, detail } = describeError(error);
  return html`<div class="problem" part="error" role="alert" data-code=${code}>
    <strong>${title}.</strong>
    <p>${remedy}</p>
    <details>
      <summary>Detail</summary>
      <p>${detail}</p>
    </details>
  </div>`;
}
