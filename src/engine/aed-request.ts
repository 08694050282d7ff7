/** What a call of `transcribe` asks of the attention decoder: its prompt as ids, and the tokens that end an answer. */
import { AsrError } from '../base/errors.ts';
import { type PromptSlots, type PromptTurn, fillPrompt } from '../model/prompt-spec.ts';
import type { AedSpec } from '../model/transformer-decoder-spec.ts';
import { encodePrompt, specialId } from '../tokenizer/canary-prompt.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { AedRequest } from './decode-aed.ts';
import type { PromptOption, TranscribeOptions } from './options.ts';

/**
 * @param writesTimes false where another model gives the times: then the answer is asked for without (as NeMo does)
 * @throws AsrError `unsupported-option` for a slot, value or language the checkpoint lacks, with those it has
 */
export function createAedRequest(
  spec: AedSpec,
  tokenizer: Tokenizer,
  options: TranscribeOptions,
  writesTimes = true,
): AedRequest {
  return {
    prompt: fillPrompt(spec.prompt, promptTurns(options, writesTimes)).flatMap((parts) =>
      encodePrompt(tokenizer, parts),
    ),
    vocabularySize: tokenizer.vocabularySize,
    endOfText: specialId(tokenizer, '<|endoftext|>'),
    padding: specialId(tokenizer, '<pad>'),
  };
}

/** @throws AsrError `checkpoint-corrupt` for a tokenizer with more pieces than the head can score */
export function checkTokenizer({ numClasses }: AedSpec, { vocabularySize }: Tokenizer): void {
  if (numClasses === undefined || (vocabularySize <= numClasses && vocabularySize > numClasses - 8)) return;
  throw new AsrError(
    'checkpoint-corrupt',
    `The tokenizer has ${vocabularySize} pieces, but the head scores ${numClasses}: they do not belong together.`,
  );
}

/** A prompt for a checkpoint that has no place for one would silently change nothing. @throws AsrError `unsupported-option` */
export function refusePrompt(className: string, { prompt, task, pnc, sourceLang }: TranscribeOptions): void {
  const given = Object.entries({ prompt, task, pnc, sourceLang }).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new AsrError(
    'unsupported-option',
    `${given[0]} was given, but this checkpoint (${className}) takes no prompt; multi-task checkpoints (Canary) do.`,
  );
}

/** NeMo's three ways to say it (`parse_multitask_prompt`); `task`, `sourceLang`, `targetLang`, `pnc` and `timestamps` win over the slots. */
function promptTurns(
  { prompt = {}, task, sourceLang, targetLang, pnc, timestamps }: TranscribeOptions,
  writesTimes: boolean,
): PromptTurn[] {
  const named: PromptSlots = {
    task,
    source_lang: sourceLang,
    target_lang: targetLang,
    pnc,
    timestamp: timestamps === undefined ? undefined : timestamps && writesTimes ? 'yes' : 'no',
  };
  const own = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  return turnsOf(prompt).map((turn) => (turn.role === 'user' ? { ...turn, slots: { ...turn.slots, ...own } } : turn));
}

function turnsOf(prompt: PromptOption): readonly PromptTurn[] {
  if ('turns' in prompt && Array.isArray(prompt.turns)) return prompt.turns as readonly PromptTurn[];
  if ('slots' in prompt && typeof prompt.slots === 'object')
    return [{ role: String(prompt['role'] ?? 'user'), slots: prompt.slots as PromptSlots }];
  return [{ role: 'user', slots: prompt as PromptSlots }];
}
