/**
 * The look that page and elements share: colours, type, controls. Only adopted style sheets are used, because a strict
 * `style-src 'self'` ignores `<style>` and `style="…"`.
 *
 * Hosts restyle through the `--sotto-*` properties and the parts. Nothing here moves: animation slows the GPU's callbacks down.
 */
import { type CSSResult, css } from 'lit';

/** Colours and type as custom properties, light or dark as the page around is: its `color-scheme` is inherited. */
export const tokens: CSSResult = css`
  :host {
    --ink: var(--sotto-ink, light-dark(#23211d, #ece8e0));
    --quiet: light-dark(#6b665c, #a49d91);
    --draft: var(--sotto-draft-ink, light-dark(#6b665c, #a8a195));
    --line: light-dark(#e2ddd3, #37342e);
    --strong-line: light-dark(#c9c2b5, #4d4941);
    --surface: var(--sotto-surface, light-dark(#fffdf9, #211f1b));
    --sunken: light-dark(#f4f0e8, #1a1815);
    --accent: var(--sotto-accent, light-dark(#1f5f50, #86cdb5));
    --on-accent: light-dark(#fffdf9, #10241e);
    --accent-wash: light-dark(#e7f0eb, #1f2f29);
    --record: light-dark(#b23a26, #ef8d78);
    --on-record: light-dark(#fffdf9, #2b100a);
    --warn-wash: light-dark(#f9ece4, #33221b);
    --radius: var(--sotto-radius, 14px);
    --serif: 'Iowan Old Style', 'Palatino Linotype', Palatino, 'Book Antiqua', Charter, Georgia, 'Liberation Serif', serif;
    --sans: var(--sotto-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', sans-serif);
    font: var(--sotto-size, 1rem) / 1.5 var(--sans);
    color: var(--ink);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
`;

/** Buttons, fields and small text. */
export const controls: CSSResult = css`
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    min-height: 2.5rem;
    padding: 0.4rem 0.9rem;
    border: 1px solid var(--strong-line);
    border-radius: 999px;
    background: var(--surface);
    font-size: 0.875rem;
    font-weight: 500;
    cursor: pointer;
  }
  button:hover {
    border-color: var(--accent);
    color: var(--accent);
  }
  button.primary {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover {
    color: var(--on-accent);
    background: color-mix(in oklab, var(--accent) 93%, var(--surface));
  }
  button.plain {
    min-height: 2rem;
    padding: 0.2rem 0;
    margin: 0 0.15rem;
    border-color: transparent;
    background: none;
    color: var(--accent);
  }
  button.plain:hover {
    text-decoration: underline;
    text-underline-offset: 0.2em;
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  input[type='text'],
  select {
    min-height: 2.5rem;
    padding: 0.4rem 0.8rem;
    border: 1px solid var(--strong-line);
    border-radius: 10px;
    background: var(--surface);
    font-size: 0.9375rem;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem;
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  progress {
    display: block;
    width: 100%;
    height: 3px;
    border: 0;
    border-radius: 2px;
    overflow: hidden;
    background: var(--line);
    appearance: none;
  }
  progress::-webkit-progress-bar {
    background: var(--line);
  }
  progress::-webkit-progress-value {
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
  /* The end is not known: half-way grey says "going on", where an empty bar would say "stuck". Nothing moves. */
  progress:indeterminate,
  progress:indeterminate::-webkit-progress-bar,
  progress:indeterminate::-moz-progress-bar {
    background: repeating-linear-gradient(90deg, var(--accent) 0 6px, var(--line) 6px 12px);
  }
  .problem {
    padding: 0.75rem 1rem;
    border-radius: 10px;
    background: var(--warn-wash);
    font-size: 0.9375rem;
  }
  .problem strong {
    color: var(--record);
  }
  .problem p {
    margin: 0.15rem 0 0;
  }
  .problem details {
    margin-top: 0.35rem;
    font-size: 0.8125rem;
    color: var(--quiet);
  }
  .problem details p {
    overflow-wrap: anywhere;
  }
`;
