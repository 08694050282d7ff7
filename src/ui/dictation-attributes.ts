/** The attributes of `<sotto-dictation>`: all of them mirror properties, and all but `disabled` and `required` are null when absent. */
import type { PropertyDeclarations } from 'lit';
import { FormElement } from './form-element.ts';

/** Base class of the element; what is here is a contract. */
export abstract class DictationAttributes extends FormElement {
  static override readonly properties: PropertyDeclarations = {
    for: { reflect: true },
    checkpoint: { reflect: true },
    device: { reflect: true },
    mode: { reflect: true },
    draft: { reflect: true },
    hotkey: { reflect: true },
    preload: { reflect: true },
    announce: { reflect: true },
    autoStop: { type: Number, attribute: 'auto-stop' },
    phrasePause: { type: Number, attribute: 'phrase-pause' },
    vad: { reflect: true },
    assetBase: { attribute: 'asset-base' },
  };

  /** `id` of the field; empty for the focused one. */
  declare for: string | null;
  declare checkpoint: string | null;
  declare device: string | null;
  /** `auto` (hold or tap), `hold` or `toggle`. */
  declare mode: string | null;
  /** `overlay` (the default), `inline` (in the field, where it is a text control) or `none`. */
  declare draft: string | null;
  /** A chord that does what the button does, like `Control+Shift+D` or `F8`. */
  declare hotkey: string | null;
  /** `none` (the default) or `model`: opens the model with the page instead of with the first word. */
  declare preload: string | null;
  /** `phrases`: screen readers hear what was written, not only that it is listening. */
  declare announce: string | null;
  /** Seconds of silence after which a dictation that is not held ends by itself. @default never */
  declare autoStop: number | null;
  /** Milliseconds of silence after which a phrase is written. @default 600 */
  declare phrasePause: number | null;
  /** A voice detector (MarbleNet), as `checkpoint` names one; it hears when a phrase is over, and silence is not decoded. @default energy; nothing, for cache-aware checkpoints */
  declare vad: string | null;
  declare assetBase: string | null;

  constructor() {
    super();
    this.for = null;
    this.checkpoint = null;
    this.device = null;
    this.mode = null;
    this.draft = null;
    this.hotkey = null;
    this.preload = null;
    this.announce = null;
    this.autoStop = null;
    this.phrasePause = null;
    this.vad = null;
    this.assetBase = null;
  }

  protected override get hasValue(): boolean {
    return !this.for && this.name !== null;
  }
}
