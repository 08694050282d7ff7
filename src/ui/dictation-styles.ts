/** Looks of `<sotto-dictation>`: a small round button, and an overlay of fixed width whose newest line stays in view. */
import { type CSSResult, css } from 'lit';

/** Styles of `<sotto-dictation>`. */
export const dictationStyles: CSSResult = css`
  :host {
    display: inline-block;
    position: relative;
    vertical-align: middle;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-width: 2.75rem;
    min-height: 2.75rem;
    padding: 0 0.7rem;
    color: var(--accent);
  }
  button.on {
    border-color: var(--record);
    color: var(--record);
  }
  [part='icon'] {
    display: flex;
  }
  svg {
    width: 1.35rem;
    height: 1.35rem;
  }
  .overlay {
    position: absolute;
    z-index: 2147483000;
    top: calc(100% + 0.5rem);
    left: 0;
    width: min(22rem, 90vw);
    max-height: 8.5rem; /* newest line in view; errors are shown whole */
    padding: 0.75rem 1rem;
    display: flex;
    flex-direction: column;
    justify-content: flex-end;
    overflow: hidden;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: 0 8px 28px light-dark(rgb(35 33 29 / 14%), rgb(0 0 0 / 45%));
    text-align: start;
  }
  .overlay:has(.problem) {
    max-height: none;
  }
  .overlay > p {
    margin: 0;
    font: 1.0625rem/1.5 var(--serif);
    overflow-wrap: anywhere;
  }
  .overlay .problem {
    padding: 0;
    background: none;
  }
  .close {
    align-self: flex-start;
  }
  .draft {
    color: var(--draft);
    font-style: italic;
    text-decoration: underline dotted from-font;
    text-underline-offset: 0.22em;
  }
`;
