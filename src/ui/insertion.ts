/**
 * Writes text at the caret of somebody else's field, as typing would.
 *
 * The browser's own editing command goes first: marked obsolete, it has no replacement, and it alone keeps native undo and lets rich
 * editors and controlled inputs see ordinary typing. What it did is read back, because some hosts answer "true" and change nothing.
 */
import { joinAtCaret } from './seam.ts';

/** A field that text can be dictated into. */
export type Field = HTMLTextAreaElement | HTMLInputElement | HTMLElement;

const TEXT_INPUTS = new Set(['text', 'search', 'url', 'tel', 'email', 'number']);
const PRIVATE_FIELDS = /one-time-code|cc-|password/;

/** True for fields that may be written: never passwords, codes, cards, nor what the page has locked. */
export function isWritable(element: Element | null | undefined): element is Field {
  if (element instanceof HTMLTextAreaElement) return !element.readOnly && !element.disabled;
  if (element instanceof HTMLInputElement) {
    return (
      TEXT_INPUTS.has(element.type) &&
      !element.readOnly &&
      !element.disabled &&
      !PRIVATE_FIELDS.test(element.autocomplete)
    );
  }
  return element instanceof HTMLElement && element.isContentEditable;
}

/** The focused field, also inside open shadow roots; undefined when none may be written. */
export function focusedField(): Field | undefined {
  let active: Element | null = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return isWritable(active) ? active : undefined;
}

/**
 * Inserts a phrase at the field's caret, replacing its selection, with spaces and case as the text around asks for.
 * Returns what was inserted; '' when the field refused it.
 */
export function insertPhrase(field: Field, phrase: string): string {
  if (!isWritable(field) || !field.isConnected) return '';
  return field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement
    ? insertIntoControl(field, phrase)
    : insertIntoEditor(field, phrase);
}

function insertIntoControl(field: HTMLTextAreaElement | HTMLInputElement, phrase: string): string {
  // `email` and `number` have no selection: text can only be added at the end.
  const start = field.selectionStart ?? field.value.length;
  const end = field.selectionEnd ?? field.value.length;
  const [before, after] = [field.value.slice(0, start), field.value.slice(end)];
  const oneLine = field instanceof HTMLInputElement ? phrase.replace(/\s+/g, ' ') : phrase;
  const text = clip(joinAtCaret(before, oneLine, after), field, before.length + after.length);
  if (text === '') return '';

  const expected = before + text + after;
  if (mayFocus(field)) {
    field.focus({ preventScroll: true });
    // Setting the caret, even to where it is, ends the typing before it: Chromium would undo both as one.
    if (field.selectionStart !== null) field.setSelectionRange(start, end);
    document.execCommand('insertText', false, text);
    if (field.value === expected) return text;
  }
  if (!announce(field, text)) return text; // whoever handled it has inserted it
  if (field.selectionStart === null) field.value = expected;
  else field.setRangeText(text, start, end, 'end');
  field.dispatchEvent(new InputEvent('input', { inputType: 'insertText', data: text, bubbles: true, composed: true }));
  return field.value === expected ? text : '';
}

function insertIntoEditor(field: HTMLElement, phrase: string): string {
  const range = caretIn(field);
  const before = textBefore(field, range);
  const after = textAfter(field, range);
  const text = joinAtCaret(before, phrase, after);
  const contentBefore = field.textContent;
  if (mayFocus(field)) {
    field.focus({ preventScroll: true });
    select(range);
    document.execCommand('insertText', false, text);
    if (field.textContent !== contentBefore) return text;
  }
  if (!announce(field, text)) return text;
  range.deleteContents();
  range.insertNode(document.createTextNode(text));
  range.collapse(false);
  select(range);
  field.dispatchEvent(new InputEvent('input', { inputType: 'insertText', data: text, bubbles: true, composed: true }));
  return text;
}

/** Focus is taken back only from nothing: never from another field the user has gone to. */
function mayFocus(field: Field): boolean {
  const focused = focusedField();
  return focused === undefined || focused === field;
}

/** The `beforeinput` that typing would send; false when a listener has taken over. */
function announce(field: Field, data: string): boolean {
  return field.dispatchEvent(
    new InputEvent('beforeinput', { inputType: 'insertText', data, bubbles: true, composed: true, cancelable: true }),
  );
}

function clip(text: string, field: HTMLTextAreaElement | HTMLInputElement, used: number): string {
  return field.maxLength < 0 ? text : text.slice(0, Math.max(0, field.maxLength - used));
}

/** The selection inside the editor, or its end. */
function caretIn(field: HTMLElement): Range {
  const selection = getSelection();
  const range = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : undefined;
  if (range && field.contains(range.commonAncestorContainer)) return range.cloneRange();
  const end = document.createRange();
  end.selectNodeContents(field);
  end.collapse(false);
  return end;
}

function textBefore(field: HTMLElement, caret: Range): string {
  const range = document.createRange();
  range.selectNodeContents(field);
  range.setEnd(caret.startContainer, caret.startOffset);
  return range.toString();
}

function textAfter(field: HTMLElement, caret: Range): string {
  const range = document.createRange();
  range.selectNodeContents(field);
  range.setStart(caret.endContainer, caret.endOffset);
  return range.toString();
}

function select(range: Range): void {
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
