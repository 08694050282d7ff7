/**
 * What a checkpoint is told beside the sound: Canary's prompt slots, or the language of models with language prompts.
 *
 * `--prompt` holds for every recording; the fields of a manifest line win over it. A line's fields mean nothing to a checkpoint without
 * prompts, since NeMo manifests carry them anyway, but `--prompt` was typed for a reason and is refused then.
 */
import { AsrError } from '../base/errors.ts';
import type { LoadedModel } from '../engine/asr-model.ts';
import type { LoadedClassifier } from '../engine/loaded-classifier.ts';
import type { PromptValue, TranscribeOptions } from '../engine/options.ts';
import { type Arguments, UsageError } from './command.ts';

/** Slots by NeMo's names. */
export type Slots = Readonly<Record<string, PromptValue>>;

type Prompted = Pick<TranscribeOptions, 'prompt' | 'targetLang'>;

/** `--prompt '{"source_lang": "de", "target_lang": "en"}'`. */
export function promptArgument(args: Arguments): Readonly<Record<string, unknown>> | undefined {
  const value = args.json('prompt');
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('--prompt is not a JSON object.');
  return value as Record<string, unknown>;
}

/** @throws AsrError `unsupported-option` for a prompt the checkpoint cannot take */
export function promptOptions(
  model: LoadedModel | LoadedClassifier,
  argument: Readonly<Record<string, unknown>> | undefined,
  line?: Slots,
): Prompted {
  const { spec } = model.parts;
  const { className } = spec;
  const { aed, languagePrompt } = 'classification' in spec ? {} : spec;
  if (!aed && !languagePrompt) {
    if (argument) throw new AsrError('unsupported-option', `${className} takes no prompt; leave --prompt out.`);
    return {};
  }
  if (aed) {
    const prompt = merged(argument, line);
    return prompt ? { prompt } : {};
  }
  const language = line?.['target_lang'] ?? argument?.['target_lang'] ?? argument?.['targetLang'];
  if (argument && language === undefined)
    throw new AsrError('unsupported-option', `${className} takes a language only: --prompt '{"target_lang": "…"}'.`);
  return language === undefined ? {} : { targetLang: String(language) };
}

function merged(
  argument: Readonly<Record<string, unknown>> | undefined,
  line: Slots | undefined,
): NonNullable<Prompted['prompt']> | undefined {
  // A prompt in turns is whole: there is nothing to merge a line's slots into.
  if (!argument || 'turns' in argument || 'slots' in argument)
    return (line ?? argument) as NonNullable<Prompted['prompt']> | undefined;
  return { ...argument, ...line } as NonNullable<Prompted['prompt']>;
}
