/** Where a dictation's words go: one field, pinned when the dictation starts, with its draft when the draft is shown in it. */
import type { Scope } from '../base/scope.ts';
import { InlineDraft } from './inline-draft.ts';
import { type Field, focusedField, insertPhrase, isWritable } from './insertion.ts';

/** A pinned field, or none. */
export class DictationTarget {
  readonly #field: Field | undefined;
  readonly #draft: InlineDraft | undefined;

  constructor(field: Field | undefined, scope: Scope, { isInline }: { readonly isInline: boolean }) {
    this.#field = field;
    if (isControl(field)) startAtEnd(field);
    if (isInline && isControl(field)) this.#draft = new InlineDraft(field, scope);
  }

  /** The draft is in the field, so nobody else has to show it. */
  get showsDraft(): boolean {
    return this.#draft !== undefined;
  }

  /** The form that the field belongs to. */
  get form(): HTMLFormElement | null {
    return isControl(this.#field) ? this.#field.form : null;
  }

  /** True while its user is in it, or when there is none to be in. */
  get isFocused(): boolean {
    return this.#field === undefined || focusedField() === this.#field;
  }

  /** Shows words that may still change. */
  show(words: string): void {
    this.#draft?.show(words);
  }

  /** Takes the words that never settled out again. */
  clear(): void {
    this.#draft?.clear();
  }

  /** Writes a phrase at the caret; false when there is no field. */
  write(phrase: string): boolean {
    this.clear();
    if (!this.#field) return false;
    insertPhrase(this.#field, phrase);
    return true;
  }
}

/** The field with an `id` in the element's own tree; without an `id` the focused one. Undefined when it may not be written. */
export function findField(element: Element, id: string | null): Field | undefined {
  if (!id) return focusedField();
  const root = element.getRootNode();
  const field = (root instanceof ShadowRoot ? root : document).getElementById(id);
  return isWritable(field) ? field : undefined;
}

/** A field nobody has been in yet has its caret before its text; people mean the end. */
function startAtEnd(field: HTMLTextAreaElement | HTMLInputElement): void {
  if (focusedField() === field || field.selectionStart !== 0 || field.selectionEnd !== 0) return;
  field.setSelectionRange(field.value.length, field.value.length);
}

function isControl(field: Field | undefined): field is HTMLTextAreaElement | HTMLInputElement {
  return field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement;
}
