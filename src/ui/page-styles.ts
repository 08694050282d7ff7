/** Layout of the page: one calm column, the same order on every width. */
import { type CSSResult, css } from 'lit';

/** Styles of `<sotto-page>`. */
export const pageStyles: CSSResult = css`
  :host {
    box-sizing: border-box;
    display: flex;
    flex-direction: column;
    min-height: 100vh;
    min-height: 100dvh;
    max-width: 49rem;
    margin: 0 auto;
    padding: 4rem 1.5rem 2rem;
  }
  header {
    text-align: center;
  }
  h1 {
    margin: 0;
    font: italic 400 3.25rem/1 var(--serif);
    letter-spacing: -0.02em;
  }
  header p {
    margin: 1rem auto 0;
    color: var(--quiet);
    font-size: 1.0625rem;
    text-wrap: balance;
  }
  main {
    flex: 1;
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    margin-top: 2.75rem;
  }
  .doors {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .doors > * {
    padding: 2.75rem 1.5rem 2rem;
  }
  .drop {
    display: flex;
    flex-direction: column;
    align-items: center;
    text-align: center;
    border-left: 1px solid var(--line);
  }
  .choose {
    display: grid;
    place-items: center;
    width: 6rem;
    height: 6rem;
    padding: 0;
    border: 1.5px dashed var(--strong-line);
    border-radius: 50%;
    background: none;
    color: var(--accent);
    box-shadow: 0 0 0 8px transparent;
  }
  .choose:hover {
    border-style: solid;
  }
  .choose svg {
    width: 2.5rem;
    height: 2.5rem;
  }
  .drop p {
    margin: 0;
    text-wrap: balance;
  }
  .drop .quiet {
    display: flex;
    align-items: center;
    min-height: 2rem; /* as the hint of the other door */
  }
  .drop .title {
    min-height: 1.5rem; /* as the state of the other door */
    margin-top: 1.1rem;
    font-weight: 600;
  }
  .over {
    border-color: var(--accent);
    background: var(--accent-wash);
  }
  .over .choose {
    border-color: var(--accent);
  }
  sotto-model-panel {
    font-size: 0.9375rem;
  }
  .cards {
    display: flex;
    flex-direction: column;
    gap: 1rem;
  }
  .cards:not(:has(*)) {
    display: none;
  }
  .suggestion {
    margin: 0;
    padding: 0 0.25rem;
    text-wrap: balance;
  }
  footer {
    margin-top: 3.5rem;
    padding-top: 1.25rem;
    border-top: 1px solid var(--line);
    color: var(--quiet);
    font-size: 0.8125rem;
    text-align: center;
    text-wrap: balance;
  }
  footer p {
    margin: 0 auto;
    max-width: 36rem;
  }
  @media (max-width: 560px) {
    :host {
      padding: 2.25rem 1rem 1.5rem;
    }
    h1 {
      font-size: 2.75rem;
    }
    main {
      margin-top: 1.75rem;
      gap: 1.25rem;
    }
    .doors > * {
      padding: 2rem 0.75rem 1.25rem;
    }
    .choose {
      width: 5rem;
      height: 5rem;
    }
    .drop .title {
      font-size: 0.9375rem; /* as beside it */
    }
  }
`;
