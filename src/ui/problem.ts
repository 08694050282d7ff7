/** An error as every element shows it: what happened, what to do, and the engine's own sentence folded away. */
import { html, nothing, type TemplateResult } from 'lit';
import { type ErrorMessage, describeError } from './error-message.ts';

/** Codes whose own sentence is for everybody and says what to do: five causes share `microphone`, a codec has a name, a line a number. */
const PLAIN: ReadonlySet<ErrorMessage['code']> = new Set(['microphone', 'audio-undecodable', 'manifest-invalid']);
/** Codes of which the remedy is in the detail: it is unfolded. */
const IN_DETAIL: ReadonlySet<ErrorMessage['code']> = new Set([
  'checkpoint-unsupported',
  'wrong-class',
  'unsupported-option',
]);

/** A block for `error`; nothing when there is none. */
export function problem(error: unknown): TemplateResult | typeof nothing {
  if (error === undefined) return nothing;
  const { code, title, remedy, detail } = describeError(error);
  return html`<div class="problem" part="error" role="alert" data-code=${code}>
    <strong>${title}.</strong>
    ${
      PLAIN.has(code)
        ? html`<p>${detail}</p>`
        : html`<p>${remedy}</p>
          <details ?open=${IN_DETAIL.has(code)}>
            <summary>Detail</summary>
            <p>${detail}</p>
          </details>`
    }
  </div>`;
}
