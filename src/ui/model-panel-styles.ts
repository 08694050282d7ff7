/** Looks of the panel that tells and changes the model: one line, and a card of sections when it is unfolded. */
import { type CSSResult, css } from 'lit';

/** Styles of `<sotto-model-panel>`. */
export const modelPanelStyles: CSSResult = css`
:host {
  display: block;
}
.line {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 0.5rem;
  padding: 0 0.25rem;
}
.line p {
  margin: 0;
}
.panel {
  margin-top: 0.9rem;
  padding: 1.35rem 1.5rem 1.5rem;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
}
section.row {
  justify-content: space-between;
}
section.row label {
  min-width: max-content;
}
section + section {
  margin-top: 1.35rem;
  padding-top: 1.35rem;
  border-top: 1px solid var(--line);
}
h2 {
  margin: 0 0 0.5rem;
  font-size: 0.9375rem;
  font-weight: 600;
}
h2 + p {
  margin: -0.35rem 0 0.75rem;
}
ul {
  margin: 0;
  padding: 0;
  list-style: none;
}
li {
  display: flex;
  align-items: center;
  gap: 0.25rem 0.5rem;
  padding: 0.3rem 0;
}
li span.name {
  flex: 1;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.offer {
  margin: 0.85rem 0 0;
  padding: 0.85rem 1rem;
  border-radius: 10px;
  background: var(--accent-wash);
  font-size: 0.9375rem;
}
.offer .row {
  margin-top: 0.6rem;
}
.problem {
  margin-top: 0.85rem;
}
progress {
  margin-top: 0.6rem;
}
input[type='text'] {
  width: 100%;
}
form .grow {
  flex: 1 1 14rem;
}
`;
