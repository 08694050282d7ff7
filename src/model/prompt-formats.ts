/**
 * Canary's prompt formats as data: the turns of each, their slots, what may stand in a slot, and what stands there when nobody says (NeMo
 * `common/prompts/canary.py`, `canary2.py`).
 */

/** NeMo `prompt_format`. */
export type PromptFormat = 'canary' | 'canary2';

/** A language, free text, yes or no, or the token of each value. */
export type SlotRule = 'language' | 'text' | 'switch' | { readonly [value: string]: string };

/** Values of the slot `task`. */
export const TASKS: Readonly<Record<string, string>> = {
  asr: '<|transcribe|>',
  transcribe: '<|transcribe|>',
  '<|transcribe|>': '<|transcribe|>',
  ast: '<|translate|>',
  translate: '<|translate|>',
  s2t_translation: '<|translate|>',
  '<|translate|>': '<|translate|>',
};

const EMOTIONS = ['<|emo:undefined|>', '<|emo:neutral|>', '<|emo:angry|>', '<|emo:happy|>', '<|emo:sad|>'];

/** What may stand in a slot. */
export const RULES: Readonly<Record<string, SlotRule>> = {
  source_lang: 'language',
  target_lang: 'language',
  task: TASKS,
  pnc: 'switch',
  itn: 'switch',
  timestamp: 'switch',
  diarize: 'switch',
  emotion: Object.fromEntries(EMOTIONS.map((emotion) => [emotion, emotion])),
  decodercontext: 'text',
  prefix: 'text',
  text: 'text',
};

/** What NeMo falls back to. */
export const FALLBACKS: Readonly<Record<string, string>> = {
  source_lang: 'en',
  target_lang: 'en',
  task: 'asr',
  pnc: 'yes',
  decodercontext: '',
  emotion: '<|emo:undefined|>',
  itn: 'no',
  timestamp: 'no',
  diarize: 'no',
};

const ANSWER = ['text', '<|endoftext|>'];

/** Tokens (`<|…|>`) and slots of every role. */
export type PromptTemplates = Readonly<Record<string, readonly string[]>>;

/** The turns of every format. */
export const TEMPLATES: Readonly<Record<PromptFormat, PromptTemplates>> = {
  canary: { user: ['<|startoftranscript|>', 'source_lang', 'task', 'target_lang', 'pnc'], assistant: ANSWER },
  canary2: {
    user: [
      '<|startofcontext|>',
      'decodercontext',
      '<|startoftranscript|>',
      'emotion',
      'source_lang',
      'target_lang',
      'pnc',
      'itn',
      'timestamp',
      'diarize',
    ],
    user_partial: ['<|startofcontext|>', 'decodercontext', '<|startoftranscript|>'],
    user_prefix: ['prefix'],
    assistant: ANSWER,
  },
};
