/** What `<sotto-dictation>` shows beside the field: the words as they are said, what is going on, what went wrong. */
import { html, nothing, type TemplateResult } from 'lit';
import type { StreamUpdate } from '../rpc/protocol.ts';
import type { DictationState } from './dictation-session.ts';
import { problem } from './problem.ts';

/** The overlay; `update` is undefined when the words are shown elsewhere. */
export function dictationOverlay({
  state,
  update,
  error,
  isLoading,
  secondsLeft,
  onClose,
}: {
  readonly state: DictationState;
  readonly update: StreamUpdate | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly secondsLeft: number | undefined;
  readonly onClose: () => void;
}): TemplateResult {
  const isEmpty = !update || (update.committed === '' && update.draft === '');
  const hint = hintFor(state, isLoading);
  return html`<div part="overlay" class="overlay">
    ${
      error === undefined
        ? nothing
        : html`${problem(error)}
            <button class="plain close" type="button" @click=${onClose}>Close</button>`
    }
    ${
      isEmpty
        ? hint && html`<span part="status" class="quiet">${hint}</span>`
        : html`<p><span part="settled">${update.committed}</span><span part="draft" class="draft">${update.draft}</span></p>`
    }
    ${secondsLeft === undefined ? nothing : html`<span part="status" class="quiet">Stops in ${secondsLeft} s unless you go on.</span>`}
  </div>`;
}

function hintFor(state: DictationState, isLoading: boolean): string {
  switch (state) {
    case 'idle':
    case 'error':
      return '';
    case 'opening':
      return 'Opening the microphone. Allow it if the browser asks.';
    case 'settling':
      return isLoading
        ? 'The model is still opening. What you said is written down then.'
        : 'Writing down the last words.';
    case 'listening':
    case 'speaking':
      return isLoading ? 'Go on speaking: the model is opening.' : 'Listening.';
  }
}
