/**
 * An element that belongs to its form as an input does: name, value, required, disabled by a fieldset, reset, restored on return.
 *
 * What the value is made of is the subclass' business; `hasValue` says whether it carries one at all.
 */
import { LitElement, type PropertyDeclarations, type PropertyValues } from 'lit';

/** Base class; its attributes and members are those of an `<input>`. */
export abstract class FormElement extends LitElement {
  static readonly formAssociated = true;
  static override readonly properties: PropertyDeclarations = {
    name: { reflect: true },
    value: { attribute: false },
    required: { type: Boolean, reflect: true },
    disabled: { type: Boolean, reflect: true },
    isFieldsetDisabled: { state: true },
  };

  /** Under which the form sends `value`. */
  declare name: string | null;
  /** @default '' */
  declare value: string;
  declare required: boolean;
  declare disabled: boolean;
  declare isFieldsetDisabled: boolean;
  protected readonly internals: ElementInternals;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.name = null;
    this.value = '';
    this.required = false;
    this.disabled = false;
    this.isFieldsetDisabled = false;
  }

  get form(): HTMLFormElement | null {
    return this.internals.form;
  }

  get labels(): NodeList {
    return this.internals.labels;
  }

  get validity(): ValidityState {
    return this.internals.validity;
  }

  get validationMessage(): string {
    return this.internals.validationMessage;
  }

  get willValidate(): boolean {
    return this.internals.willValidate;
  }

  checkValidity(): boolean {
    return this.internals.checkValidity();
  }

  reportValidity(): boolean {
    return this.internals.reportValidity();
  }

  formDisabledCallback(isDisabled: boolean): void {
    this.isFieldsetDisabled = isDisabled;
  }

  formResetCallback(): void {
    this.value = '';
  }

  formStateRestoreCallback(state: string | File | FormData | null): void {
    if (typeof state === 'string') this.value = state;
  }

  /** False where the text goes elsewhere: then the form gets nothing, and nothing is required. */
  protected abstract get hasValue(): boolean;

  protected get isDisabled(): boolean {
    return this.disabled || this.isFieldsetDisabled;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const value = this.hasValue ? this.value : '';
    this.internals.setFormValue(this.hasValue ? value : null);
    const anchor = this.renderRoot.querySelector('button');
    const isMissing = this.hasValue && this.required && value.trim() === '';
    if (isMissing && anchor) this.internals.setValidity({ valueMissing: true }, 'Please dictate something.', anchor);
    else this.internals.setValidity({});
  }
}
