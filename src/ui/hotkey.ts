/**
 * A chord of the host's choice that drives dictation, as `hotkey="Control+Shift+D"`: tap it or hold it, like the button.
 *
 * Keys are named as in `KeyboardEvent.key`; `Mod` is Command on Apple's machines and Control elsewhere. A letter also counts by its place on
 * the keyboard, because Alt and other layouts change what it types. A page has no keys outside its window.
 */
import type { Scope } from '../base/scope.ts';
import type { PressGesture } from './press-gesture.ts';

/** A chord: one key and exactly these modifiers. */
export type Hotkey = {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
};

const MODIFIERS: Readonly<Record<string, keyof Hotkey>> = {
  control: 'ctrlKey',
  ctrl: 'ctrlKey',
  alt: 'altKey',
  option: 'altKey',
  shift: 'shiftKey',
  meta: 'metaKey',
  command: 'metaKey',
};
const FLAGS = ['ctrlKey', 'altKey', 'shiftKey', 'metaKey'] as const;
const TYPES_NOTHING = /^(?:f\d{1,2}|pause|scrolllock|insert)$/;

/** The chord that a text names. Throws a `TypeError` for none, and for one that would eat typing. */
export function parseHotkey(text: string, isApple: boolean): Hotkey {
  const names = text.split('+').map((name) => name.trim().toLowerCase());
  const key = names.pop() || '';
  const flags = names.map((name) => (name === 'mod' ? (isApple ? 'metaKey' : 'ctrlKey') : MODIFIERS[name]));
  const hotkey = {
    key: key === 'space' ? ' ' : key,
    ...Object.fromEntries(FLAGS.map((flag) => [flag, flags.includes(flag)])),
  };
  const isChord = flags.some((flag) => flag !== 'shiftKey');
  if (
    key === '' ||
    key in MODIFIERS ||
    key === 'mod' ||
    flags.includes(undefined) ||
    !(isChord || TYPES_NOTHING.test(key))
  )
    throw new TypeError(
      `hotkey="${text}" names no chord: write it like "Control+Shift+D" or "F8". Letters need Control, Alt or Meta, or they could not be typed any more.`,
    );
  return hotkey as Hotkey;
}

/** Whether a key event is the chord. */
export function isHotkey(hotkey: Hotkey, event: KeyboardEvent): boolean {
  const isKey = event.key.toLowerCase() === hotkey.key || placeOf(event.code) === hotkey.key;
  return isKey && FLAGS.every((flag) => event[flag] === hotkey[flag]);
}

/** Lets the chord drive a gesture; `hotkey` is asked anew at every press. */
export function watchHotkey(scope: Scope, gesture: PressGesture, hotkey: () => Hotkey | undefined): void {
  let pressed: string | undefined;
  scope.listen<KeyboardEvent>(document, 'keydown', (event) => {
    const wanted = hotkey();
    if (!wanted || event.isComposing || event.defaultPrevented || !isHotkey(wanted, event)) return;
    event.preventDefault();
    if (event.repeat) return;
    pressed = event.code;
    gesture.down(event);
  });
  // Either half of a chord ends it: macOS tells no release of keys while Command is down.
  scope.listen<KeyboardEvent>(document, 'keyup', (event) => {
    const { code, key } = event;
    if (pressed === undefined || (code !== pressed && !(key.toLowerCase() in MODIFIERS))) return;
    pressed = undefined;
    gesture.up(event);
  });
}

function placeOf(code: string): string {
  return code.replace(/^(?:Key|Digit)/, '').toLowerCase();
}
