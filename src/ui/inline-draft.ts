/**
 * Words in the field as they are said, for `draft="inline"`: the draft is taken back out before the next one, or the settled phrase, goes in.
 *
 * Taking back is the browser's own undo while nothing else was edited, so that in the end each phrase is one step of it; otherwise exactly the
 * draft's text is deleted where it stands. A draft that its user has edited is theirs: it stays, and the phrase goes in at the caret.
 * Only text controls: in rich editors drafts stay in the overlay.
 */
import type { Scope } from '../base/scope.ts';
import { focusedField, insertPhrase } from './insertion.ts';

/** A text control. */
export type TextControl = HTMLTextAreaElement | HTMLInputElement;

/** The draft in one field. */
export class InlineDraft {
  readonly #field: TextControl;
  #text = '';
  #start = 0;
  #before = '';
  #after = '';
  #isOurs = false;
  #isNewest = false;

  constructor(field: TextControl, scope: Scope) {
    this.#field = field;
    const onInput = (): void => {
      if (!this.#isOurs) this.#isNewest = false;
    };
    scope.listen(document, 'input', onInput, { capture: true });
  }

  /** Shows other words in place of those shown; nothing while the user is in another field. */
  show(words: string): void {
    this.clear();
    const field = this.#field;
    if (words.trim() === '' || focusedField() !== field) return;
    this.#before = field.value;
    this.#start = field.selectionStart ?? field.value.length;
    this.#edit(() => {
      this.#text = insertPhrase(field, words);
    });
    this.#after = field.value;
    this.#isNewest = true;
  }

  /** Takes the draft out again. */
  clear(): void {
    const [field, text, start] = [this.#field, this.#text, this.#start];
    this.#text = '';
    if (text === '' || focusedField() !== field) return;
    if (this.#isNewest && field.value === this.#after) {
      this.#edit(() => document.execCommand('undo'));
      if (field.value === this.#before) return;
    }
    if (field.value.slice(start, start + text.length) !== text) return;
    field.setSelectionRange(start, start + text.length);
    this.#edit(() => document.execCommand('delete'));
  }

  #edit(edit: () => void): void {
    this.#isOurs = true;
    edit();
    this.#isOurs = false;
  }
}
