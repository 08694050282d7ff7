/** The few drawings that buttons need; they take the colour of the text around them. */
import { type TemplateResult, svg, html } from 'lit';

const open = (paths: TemplateResult): TemplateResult => html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="1.75"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  ${paths}
</svg>`;

/** A microphone. */
export const microphoneIcon: TemplateResult = open(
  svg`<rect x="9" y="2.75" width="6" height="11.5" rx="3"></rect><path d="M5.5 11.25a6.5 6.5 0 0 0 13 0M12 17.75v3.5M8.75 21.25h6.5"></path>`,
);

/** A square: stop. */
export const stopIcon: TemplateResult = open(
  svg`<rect x="6.5" y="6.5" width="11" height="11" rx="2" fill="currentColor"></rect>`,
);

/** A sheet of sound going in: recordings. */
export const recordingIcon: TemplateResult = open(svg`<path d="M3.5 12h1.5l2-5 3 11 3-15 3 13 2-4h2.5"></path>`);
