/**
 * Canary's prompts: how a checkpoint wants to be asked, and the tokens and texts of a question in its format.
 *
 * Two things NeMo does differently by accident are done as documented: slots other than languages, task and pnc count for files too (NeMo's
 * loader drops them), and "Yes" means yes.
 */
import { AsrError } from '../base/errors.ts';
import type { PromptPart } from '../base/prompt.ts';
import { at } from './config.ts';
import { FALLBACKS, type PromptFormat, RULES, type SlotRule, TASKS, TEMPLATES } from './prompt-formats.ts';

/** How a checkpoint wants to be asked. */
export type PromptSpec = {
  readonly format: PromptFormat;
  /** `prompt_defaults` of the config: slots by role. */
  readonly defaults: Readonly<Record<string, PromptSlots>>;
};

/** Values by slot, in NeMo's spelling or in camelCase. */
export type PromptSlots = Readonly<Record<string, string | boolean | undefined>>;

/** One turn of a dialogue; most prompts are a single one of role `user`. */
export type PromptTurn = { readonly role: string; readonly slots: PromptSlots };

/** Other spellings: of manifests, of `transcribe(timestamps=…)`, of our own options. */
const ALIASES: Readonly<Record<string, string>> = {
  taskname: 'task',
  timestamps: 'timestamp',
  context: 'decodercontext',
  sourceLang: 'source_lang',
  targetLang: 'target_lang',
  decoderContext: 'decodercontext',
};

const TRUE = ['yes', 'Yes', 'true', 'True', '1'];
const FALSE = ['no', 'No', 'false', 'False', '0'];

/** Reads `prompt_format` and `prompt_defaults`. */
export function readPromptSpec(config: unknown): PromptSpec {
  const format = String(at(config, 'prompt_format') ?? 'canary');
  if (!Object.hasOwn(TEMPLATES, format))
    throw new AsrError(
      'checkpoint-unsupported',
      `prompt_format is ${format}; supported are ${Object.keys(TEMPLATES).join(', ')}.`,
    );
  const turns = at(config, 'prompt_defaults');
  const defaults: Record<string, PromptSlots> = {};
  for (const turn of Array.isArray(turns) ? turns : []) {
    const slots = at(turn, 'slots');
    if (typeof slots === 'object' && slots !== null)
      defaults[String(at(turn, 'role'))] ??= canonical(slots as PromptSlots);
  }
  return { format: format as PromptFormat, defaults };
}

/**
 * The parts of every turn; slots that are not given come from the checkpoint's defaults, then from NeMo's.
 *
 * @throws AsrError `unsupported-option` for an unknown role, slot or value; the message lists what is allowed
 */
export function fillPrompt(spec: PromptSpec, turns: readonly PromptTurn[]): PromptPart[][] {
  let lang = String(spec.defaults['user']?.['target_lang'] ?? FALLBACKS['target_lang']);
  if (turns.at(-1)?.role === 'assistant')
    throw new AsrError(
      'unsupported-option',
      "The last turn of a prompt is the one to be answered; it cannot be the assistant's.",
    );
  return turns.map((turn) => {
    const templates = TEMPLATES[spec.format];
    const template = Object.hasOwn(templates, turn.role) ? templates[turn.role] : undefined;
    if (!template) throw unsupported(`role "${turn.role}"`, spec, `roles ${Object.keys(templates).join(', ')}`);
    const given = withoutTokenless(spec, canonical(turn.slots));
    checkNames(spec, template, given);
    const slots = { ...FALLBACKS, ...spec.defaults[turn.role], ...given };
    // A turn without languages goes on in the one before.
    if (template.includes('target_lang') || given['target_lang'] !== undefined)
      lang = bare(String(slots['target_lang']));
    return template
      .map((item) => (item.startsWith('<|') ? { token: item } : part(spec, item, slots[item], lang)))
      .filter((item) => !('text' in item) || item.text !== '');
  });
}

/** Names as NeMo spells them; undefined values are as good as absent. */
function canonical(slots: PromptSlots): PromptSlots {
  return Object.fromEntries(
    Object.entries(slots).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [[ALIASES[name] ?? name, value]],
    ),
  );
}

/** What is legal to say though the format has no token for it: a task in canary2 (it follows from the languages), no timestamps in canary. */
function withoutTokenless({ format }: PromptSpec, slots: PromptSlots): PromptSlots {
  const { task, timestamp, prompt_language: _, ...rest } = slots;
  if (format === 'canary2') {
    if (task !== undefined && !Object.hasOwn(TASKS, String(task))) throw badValue('task', task, Object.keys(TASKS));
    return { ...rest, ...(timestamp === undefined ? {} : { timestamp }) };
  }
  if (timestamp !== undefined && isOn('timestamp', timestamp)) {
    throw new AsrError(
      'unsupported-option',
      "This checkpoint's prompt format (canary) has no timestamps; checkpoints with canary2 have them (canary-1b-flash, canary-180m-flash).",
    );
  }
  return { ...rest, ...(task === undefined ? {} : { task }) };
}

function checkNames(spec: PromptSpec, template: readonly string[], given: PromptSlots): void {
  const known = template.filter((item) => !item.startsWith('<|'));
  for (const name of Object.keys(given)) {
    // A partial prompt still needs to know in which language its context is.
    if (!known.includes(name) && name !== 'target_lang')
      throw unsupported(`slot "${name}"`, spec, `slots ${known.join(', ')}`);
  }
}

function part(spec: PromptSpec, name: string, value: string | boolean | undefined, lang: string): PromptPart {
  const rule = RULES[name] as SlotRule;
  if (value === undefined) throw unsupported(`empty slot "${name}"`, spec, 'a text');
  if (rule === 'text') return { text: String(value), lang };
  if (rule === 'language') return { token: `<|${bare(String(value))}|>` };
  if (rule === 'switch') return { token: isOn(name, value) ? `<|${name}|>` : `<|no${name}|>` };
  const token = Object.hasOwn(rule, String(value)) ? rule[String(value)] : undefined;
  if (token === undefined) throw badValue(name, value, Object.keys(rule));
  return { token };
}

function isOn(name: string, value: string | boolean): boolean {
  const text = String(value);
  if ([...TRUE, name, `<|${name}|>`].includes(text)) return true;
  if ([...FALSE, `no${name}`, `<|no${name}|>`].includes(text)) return false;
  throw badValue(name, value, [...TRUE, name, `<|${name}|>`, ...FALSE, `no${name}`, `<|no${name}|>`]);
}

function bare(lang: string): string {
  return lang.startsWith('<|') && lang.endsWith('|>') ? lang.slice(2, -2) : lang;
}

function badValue(slot: string, value: string | boolean, allowed: readonly string[]): AsrError {
  return new AsrError('unsupported-option', `The prompt's ${slot} is "${value}"; allowed are ${allowed.join(', ')}.`);
}

function unsupported(what: string, { format }: PromptSpec, allowed: string): AsrError {
  return new AsrError('unsupported-option', `The prompt format ${format} has no ${what}; it has the ${allowed}.`);
}
