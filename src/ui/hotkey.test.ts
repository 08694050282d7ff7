import { describe, expect, it } from 'vitest';
import { isHotkey, parseHotkey } from './hotkey.ts';

const NONE = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false };

function press(key: string, code: string, flags: Partial<typeof NONE> = {}): KeyboardEvent {
  return { key, code, ...NONE, ...flags } as KeyboardEvent;
}

describe('parseHotkey', () => {
  it('reads modifiers in any order and spelling', () => {
    expect(parseHotkey('shift+Ctrl+d', false)).toEqual({ ...NONE, key: 'd', ctrlKey: true, shiftKey: true });
    expect(parseHotkey('Option + Space', false)).toEqual({ ...NONE, key: ' ', altKey: true });
    expect(parseHotkey('F8', false)).toEqual({ ...NONE, key: 'f8' });
  });

  it('takes Mod for Command on Apple’s machines only', () => {
    expect(parseHotkey('Mod+K', true).metaKey).toBe(true);
    expect(parseHotkey('Mod+K', false)).toMatchObject({ ctrlKey: true, metaKey: false });
  });

  it.each(['', 'D', 'Shift+D', 'Control', 'Control+', 'Hyper+D', 'Space'])('refuses "%s"', (text) => {
    expect(() => parseHotkey(text, false)).toThrow(TypeError);
  });
});

describe('isHotkey', () => {
  it('wants exactly the modifiers', () => {
    const hotkey = parseHotkey('Control+Shift+D', false);
    expect(isHotkey(hotkey, press('D', 'KeyD', { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(isHotkey(hotkey, press('d', 'KeyD', { ctrlKey: true }))).toBe(false);
    expect(isHotkey(hotkey, press('D', 'KeyD', { ctrlKey: true, shiftKey: true, altKey: true }))).toBe(false);
  });

  it('knows a letter by its place where a modifier changes what it types', () => {
    expect(isHotkey(parseHotkey('Alt+D', false), press('∂', 'KeyD', { altKey: true }))).toBe(true);
  });
});
