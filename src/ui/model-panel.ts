/**
 * Which model works here, and how to get another: a file, a name on the hub, an address, or one kept from before.
 *
 * Nothing is downloaded before its size has been said and agreed to.
 */
import { type CSSResultGroup, LitElement, type TemplateResult, html, nothing } from 'lit';
import { deviceLine } from './device-words.ts';
import { Scope } from '../base/scope.ts';
import { measureRemote } from '../rpc/measure.ts';
import type { Device, ModelInfo, ModelReport, StoredCheckpoint } from '../rpc/protocol.ts';
import { deleteStored, listStored } from '../rpc/stored.ts';
import { BUILT_IN } from './built-in.ts';
import { type ModelChoice, type ModelHost, labelOf } from './model-host.ts';
import { modelPanelStyles } from './model-panel-styles.ts';
import { problem } from './problem.ts';
import { progressLine } from './progress-line.ts';
import { formatBytes, formatParameters } from './quantities.ts';
import { controls, tokens } from './theme.ts';

/** What is offered first to somebody who wants better text. */
export const SUGGESTED = 'nvidia/parakeet-tdt_ctc-110m';

const DEVICES: readonly (readonly [value: Device | 'auto', label: string])[] = [
  ['auto', 'Automatic'],
  ['webgpu', 'Graphics card (WebGPU)'],
  ['wasm', 'Processor (WASM)'],
];

type Offer = { readonly name: string; readonly bytes: number };

/** `<sotto-model-panel>`: set `host`. */
export class ModelPanel extends LitElement {
  static override readonly properties = {
    host: { attribute: false },
    isOpen: { state: true },
    stored: { state: true },
    offer: { state: true },
    isMeasuring: { state: true },
    error: { state: true },
  };
  static override readonly styles: CSSResultGroup = [tokens, controls, modelPanelStyles];

  declare host: ModelHost;
  declare isOpen: boolean;
  declare stored: readonly StoredCheckpoint[] | undefined;
  declare offer: Offer | undefined;
  declare isMeasuring: boolean;
  declare error: unknown;
  #scope = new Scope();

  constructor() {
    super();
    this.isOpen = false;
    this.stored = undefined;
    this.offer = undefined;
    this.isMeasuring = false;
    this.error = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scope = new Scope();
    this.#scope.listen(this.host, 'change', () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scope.dispose();
  }

  /** Unfolds the panel, with the size of `name` asked for when one is given. */
  open(name?: string): void {
    this.isOpen = true;
    this.#refreshStored();
    if (name) this.#measure(name).catch(reportError);
  }

  protected override render(): TemplateResult {
    const { state } = this.host;
    return html`
      <div class="line">
        <p class="grow" part="status">${this.#summary()}</p>
        <button class="plain" type="button" aria-expanded=${this.isOpen} @click=${this.#toggle}>
          ${this.isOpen ? 'Close' : 'Change model'}
        </button>
      </div>
      ${state.status === 'loading' ? this.#loading(state.progress && progressLine(state.progress)) : nothing}
      ${state.status === 'failed' ? problem(state.error) : nothing} ${this.isOpen ? this.#panel() : nothing}
    `;
  }

  #toggle(): void {
    if (this.isOpen) this.isOpen = false;
    else this.open();
  }

  #summary(): TemplateResult {
    const { state, choice } = this.host;
    if (state.status === 'loading') return html`<span class="quiet">Opening</span> ${state.label}`;
    if (state.status === 'failed' && state.label !== labelOf(choice))
      return html`${state.label} <span class="quiet">could not be opened.</span> ${labelOf(choice)} <span class="quiet">is used.</span>`;
    if (state.status === 'ready') return describeModel(state.model.info, state.model.report);
    return 'name' in choice && choice.name === BUILT_IN
      ? html`A very small English model is built in. <span class="quiet">Good to try things out; it makes mistakes.</span>`
      : html`${labelOf(choice)} <span class="quiet">opens when it is needed.</span>`;
  }

  #loading(line: { text: string; fraction: number | undefined } | undefined): TemplateResult {
    return html`<progress max="1" value=${line?.fraction ?? nothing} aria-label="Opening the model"></progress>
      <div class="line">
        <span class="quiet grow" part="progress">${line?.text ?? 'Opening'}</span>
        <button class="plain" type="button" @click=${() => this.host.close()}>Cancel</button>
      </div>`;
  }

  #panel(): TemplateResult {
    return html`<div class="panel">
      <section>
        <h2>Open a model from this computer</h2>
        <p class="quiet">A NeMo checkpoint, one <code>.nemo</code> file. It is read here and kept for the next visit.</p>
        <button type="button" @click=${this.#chooseFile}>Choose a .nemo file</button>
        <input type="file" accept=".nemo" hidden aria-label="NeMo checkpoint" @change=${this.#onFile} />
      </section>
      <section>
        <h2><label for="remote">Fetch one from the Hugging Face hub</label></h2>
        <p class="quiet">Its name there, or the address of a <code>.nemo</code> file. You see the size before anything is fetched.</p>
        <form class="row" @submit=${this.#onAsk}>
          <span class="grow"><input id="remote" name="remote" type="text" placeholder=${SUGGESTED} spellcheck="false" autocapitalize="off" autocomplete="off" /></span>
          <button type="submit" ?disabled=${this.isMeasuring}>${this.isMeasuring ? 'Asking' : 'Look it up'}</button>
        </form>
        ${this.offer ? this.#offer(this.offer) : nothing} ${problem(this.error)}
      </section>
      <section>
        <h2>Kept in this browser</h2>
        ${this.#storedList()}
      </section>
      <section class="row">
        <label class="grow" for="device">Where it runs</label>
        <select id="device" @change=${this.#onDevice}>
          ${DEVICES.map(([value, label]) => html`<option value=${value} ?selected=${this.host.device === value}>${label}</option>`)}
        </select>
      </section>
    </div>`;
  }

  #offer(offer: Offer): TemplateResult {
    return html`<div class="offer" role="status">
      <strong>${offer.name}</strong>: ${formatBytes(offer.bytes)}, fetched once, then kept in this browser.
      <div class="row">
        <button class="primary" type="button" @click=${() => this.#use(URL.canParse(offer.name) ? { source: new URL(offer.name), label: offer.name } : { name: offer.name })}>
          Fetch ${formatBytes(offer.bytes)}
        </button>
        <button type="button" @click=${() => (this.offer = undefined)}>Not now</button>
      </div>
    </div>`;
  }

  #storedList(): TemplateResult {
    if (!this.stored) return html`<p class="quiet">Looking…</p>`;
    const total = this.stored.reduce((sum, { bytes }) => sum + bytes, 0);
    const current = this.host.choice;
    return html`<ul>
        <li>
          <span class="name">${BUILT_IN} <span class="quiet">built in</span></span>
          ${
            'name' in current && current.name === BUILT_IN
              ? html`<span class="quiet">in use</span>`
              : html`<button class="plain" type="button" @click=${() => this.#use({ name: BUILT_IN })}>Use</button>`
          }
        </li>
        ${this.stored
          .filter(({ name }) => name !== BUILT_IN)
          .map(
            (entry) => html`<li data-stored=${entry.id}>
              <span class="name" title=${entry.name}>${entry.name} <span class="quiet">${formatBytes(entry.bytes)}${entry.precision === 'fp32' ? '' : `, ${entry.precision}`}</span></span>
              ${isChosen(current, entry) ? html`<span class="quiet">in use</span>` : nothing}
              <button class="plain" type="button" aria-label=${`Use ${entry.name}`} @click=${() => this.#use({ source: entry, label: entry.name })}>Use</button>
              <button class="plain" type="button" aria-label=${`Delete ${entry.name}`} @click=${() => this.#delete(entry)}>Delete</button>
            </li>`,
          )}
      </ul>
      ${total > 0 ? html`<p class="quiet">${formatBytes(total)} in all. Models in the list open without a network.</p>` : nothing}`;
  }

  #onDevice(event: Event): void {
    const device = (event.target as HTMLSelectElement).value as Device | 'auto';
    this.host.use(this.host.choice, { device }).catch(() => {}); // the host's state shows the error
  }

  #chooseFile(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click();
  }

  #onFile(event: Event): void {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    input.value = '';
    if (file) this.#use({ source: file, label: file.name });
  }

  #onAsk(event: SubmitEvent): void {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get('remote') ?? '').trim() || SUGGESTED;
    this.#measure(name).catch(reportError);
  }

  async #measure(name: string): Promise<void> {
    this.error = undefined;
    this.offer = undefined;
    this.isMeasuring = true;
    try {
      const { bytes } = await measureRemote(name);
      this.offer = { name, bytes };
    } catch (error) {
      this.error = error;
    } finally {
      this.isMeasuring = false;
    }
  }

  #use(choice: ModelChoice): void {
    this.offer = undefined;
    this.error = undefined;
    this.host.use(choice).then(
      () => {
        this.isOpen = false;
      },
      () => this.#refreshStored(), // the host's state shows the error
    );
  }

  #delete({ id }: StoredCheckpoint): void {
    deleteStored(id).then(
      () => this.#refreshStored(),
      (error: unknown) => {
        this.error = error;
      },
    );
  }

  #refreshStored(): void {
    listStored().then(
      (stored) => {
        this.stored = stored;
      },
      (error: unknown) => {
        this.stored = [];
        this.error = error;
      },
    );
  }
}

/** A stored checkpoint is known by its id: several precisions of one have the same name. */
function isChosen(choice: ModelChoice, { id }: StoredCheckpoint): boolean {
  const source = 'source' in choice ? choice.source : undefined;
  return typeof source === 'object' && 'id' in source && source.id === id;
}

const NO_BREAK = '\u00a0';

function describeModel(info: ModelInfo, report: ModelReport): TemplateResult {
  const size = `${formatParameters(info.numParameters).replace(' ', NO_BREAK)}${NO_BREAK}parameters`;
  return html`<strong part="model">${info.name}</strong> <span class="quiet">${size} · <span data-device=${report.device}>${deviceLine(report)}</span></span>`;
}
