/** Prompts of both formats in all the ways NeMo takes them; ids are compared with NeMo in `engine/aed.test.ts`. */
import { describe, expect, test } from 'vitest';
import type { PromptPart } from '../base/prompt.ts';
import { type PromptSpec, type PromptTurn, fillPrompt, readPromptSpec } from './prompt-spec.ts';

const CANARY: PromptSpec = { format: 'canary', defaults: {} };
const CANARY2: PromptSpec = { format: 'canary2', defaults: {} };

/** Parts as one line: tokens as they are, texts with their language. */
function spelled(parts: readonly PromptPart[] | undefined): string {
  return (parts ?? []).map((part) => ('token' in part ? part.token : `[${part.lang}: ${part.text}]`)).join('');
}

function user(slots: PromptTurn['slots'] = {}): readonly PromptTurn[] {
  return [{ role: 'user', slots }];
}

function fill(spec: PromptSpec, slots: PromptTurn['slots'] = {}): string {
  return spelled(fillPrompt(spec, user(slots))[0]);
}

describe('canary', () => {
  test('falls back to English dictation with punctuation', () => {
    expect(fill(CANARY)).toBe('<|startoftranscript|><|en|><|transcribe|><|en|><|pnc|>');
  });

  test.each([
    [{ task: 'ast', source_lang: 'en', target_lang: 'de' }, '<|en|><|translate|><|de|><|pnc|>'],
    [{ taskname: 's2t_translation', sourceLang: '<|es|>', targetLang: 'en' }, '<|es|><|translate|><|en|><|pnc|>'],
    [{ pnc: false }, '<|en|><|transcribe|><|en|><|nopnc|>'],
    [{ pnc: 'Yes' }, '<|en|><|transcribe|><|en|><|pnc|>'],
    [{ timestamps: false }, '<|en|><|transcribe|><|en|><|pnc|>'],
  ])('takes %j', (slots, expected) => {
    expect(fill(CANARY, slots)).toBe(`<|startoftranscript|>${expected}`);
  });

  test('has neither timestamps nor the slots of canary2', () => {
    expect(() => fill(CANARY, { timestamp: 'yes' })).toThrow(/canary2/);
    expect(() => fill(CANARY, { diarize: true })).toThrow(/has the slots source_lang, task, target_lang, pnc/);
  });
});

describe('canary2', () => {
  const languages = '<|en|><|en|>';

  test('falls back to what NeMo puts into every slot', () => {
    expect(fill(CANARY2)).toBe(
      `<|startofcontext|><|startoftranscript|><|emo:undefined|>${languages}<|pnc|><|noitn|><|notimestamp|><|nodiarize|>`,
    );
  });

  test('takes every slot, and the context in the language that is written', () => {
    const slots = {
      decodercontext: 'so far',
      emotion: '<|emo:sad|>',
      target_lang: 'de',
      itn: true,
      timestamp: 'timestamp',
      diarize: '<|diarize|>',
    };
    expect(fill(CANARY2, slots)).toBe(
      '<|startofcontext|>[de: so far]<|startoftranscript|><|emo:sad|><|en|><|de|><|pnc|><|itn|><|timestamp|><|diarize|>',
    );
  });

  test('knows a task by its languages only, but lets it be said', () => {
    expect(fill(CANARY2, { task: 'ast' })).toBe(fill(CANARY2));
    expect(() => fill(CANARY2, { task: 'sing' })).toThrow(/allowed are asr/);
  });

  test("takes the checkpoint's defaults before NeMo's, and the caller's before both", () => {
    const slots = { source_lang: '<|de|>', target_lang: '<|de|>', pnc: '<|nopnc|>' };
    const spec = readPromptSpec({ prompt_format: 'canary2', prompt_defaults: [{ role: 'user', slots }] });
    expect(fill(spec)).toContain('<|de|><|de|><|nopnc|><|noitn|>');
    expect(fill(spec, { pnc: true, targetLang: 'en' })).toContain('<|de|><|en|><|pnc|>');
  });

  test('goes on from a transcript begun, and leaves language and mood to the model', () => {
    const turns = [...user({ target_lang: 'fr' }), { role: 'user_prefix', slots: { prefix: 'bonjour' } }];
    expect(spelled(fillPrompt(CANARY2, turns)[1])).toBe('[fr: bonjour]');
    const partial = fillPrompt(CANARY2, [
      { role: 'user_partial', slots: { decodercontext: 'hallo', target_lang: 'de' } },
    ]);
    expect(spelled(partial[0])).toBe('<|startofcontext|>[de: hallo]<|startoftranscript|>');
  });

  test('refuses roles, slots and values it does not know', () => {
    expect(() => fillPrompt(CANARY2, [{ role: 'system', slots: {} }])).toThrow(
      /roles user, user_partial, user_prefix, assistant/,
    );
    expect(() => fillPrompt(CANARY2, [...user(), { role: 'assistant', slots: { text: 'no' } }])).toThrow(/last turn/);
    expect(() => fill(CANARY2, { mood: 'happy' })).toThrow(/has no slot "mood"/);
    expect(() => fill(CANARY2, { itn: 'perhaps' })).toThrow(/itn is "perhaps"; allowed are yes/);
  });
});

test('an unknown format is refused by name', () => {
  expect(() => readPromptSpec({ prompt_format: 'llama2' })).toThrow(
    /prompt_format is llama2; supported are canary, canary2/,
  );
});
