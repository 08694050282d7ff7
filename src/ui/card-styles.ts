/** The card that recordings, dictations and evaluations are shown in: a name and its buttons, a line of facts, what is to be read, the ways to keep it. */
import { type CSSResult, css } from 'lit';

/** Host, heading and the parts of every card. */
export const cardStyles: CSSResult = css`
  :host {
    display: block;
    padding: 1.25rem 1.5rem 1.35rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  header {
    display: flex;
    align-items: baseline;
    gap: 0.75rem;
  }
  h2 {
    flex: 1;
    min-width: 0;
    margin: 0;
    font-size: 0.9375rem;
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .facts {
    margin: 0.1rem 0 0;
    font-variant-numeric: tabular-nums;
  }
  progress {
    margin: 0.65rem 0 0.15rem;
  }
  .problem {
    margin-top: 0.75rem;
  }
  footer {
    margin-top: 1rem;
    padding-top: 0.85rem;
    border-top: 1px solid var(--line);
  }
  .note {
    margin-left: auto;
  }
  @media (max-width: 560px) {
    :host {
      padding: 1rem 1.1rem 1.1rem;
    }
  }
`;
