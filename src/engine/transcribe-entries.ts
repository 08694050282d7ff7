/** Recordings with prompts of their own: those that are asked the same thing are decoded together, and results come back in input order. */
import { AsrError } from '../base/errors.ts';
import { durationOfAll, isEntry } from './audio-source.ts';
import type { RunningModel } from './running-model.ts';
import type { AudioInput, PromptValue, TranscribeOptions, TranscribeResult } from './options.ts';
import { TranscribeJob } from './transcribe-job.ts';

type Slots = { readonly [slot: string]: PromptValue };

/** One call of `transcribe`. */
export async function transcribeEntries(
  model: RunningModel,
  audio: readonly AudioInput[],
  options: TranscribeOptions,
): Promise<TranscribeResult[]> {
  const groups = new Map<string, number[]>();
  audio.forEach((input, index) => {
    const asked = JSON.stringify(slotsOf(input));
    const group = groups.get(asked);
    if (group) group.push(index);
    else groups.set(asked, [index]);
  });
  const { partialHypothesis } = options;
  checkPartial(model, audio, options);
  const biasingRequests = requestsOf(audio, options);
  const results: TranscribeResult[] = [];
  const totalSeconds = options.onProgress && (await durationOfAll(audio, model.parts.spec.mel.sampleRate));
  let doneSeconds = 0;
  for (const indices of groups.values()) {
    const inputs = indices.map((index) => audio[index] as AudioInput);
    const { onProgress, ...asked } = withSlots(model, options, slotsOf(inputs[0] as AudioInput));
    const before = doneSeconds;
    const job = new TranscribeJob(model, inputs, {
      ...asked,
      ...(partialHypothesis && {
        long: 'full', // a piece is decoded in one go: only its end can be gone on from
        partialHypothesis: indices.map((index) => partialHypothesis[index] ?? null),
      }),
      ...(biasingRequests && { biasingRequests: indices.map((index) => biasingRequests[index] ?? null) }),
      ...(onProgress && {
        onProgress: (progress) =>
          onProgress(
            progress.phase === 'transcribe'
              ? {
                  ...progress,
                  seconds: before + progress.seconds,
                  // A header may be wrong; a bar never goes beyond its end.
                  ...(totalSeconds && { totalSeconds: Math.max(totalSeconds, before + progress.seconds) }),
                  fileIndex: indices[progress.fileIndex] as number,
                }
              : progress,
          ),
      }),
    });
    for (const [position, result] of (await job.run()).entries()) {
      results[indices[position] as number] = result;
      doneSeconds += result.duration;
    }
  }
  return results;
}

function checkPartial(
  { decoder, parts: { spec } }: RunningModel,
  audio: readonly AudioInput[],
  { partialHypothesis, vad, long = 'auto' }: TranscribeOptions,
): void {
  if (!partialHypothesis) return;
  if (decoder !== 'transducer')
    throw new AsrError(
      'unsupported-option',
      `partialHypothesis needs a transducer; ${spec.className} decodes otherwise.`,
    );
  if (partialHypothesis.length !== audio.length)
    throw new AsrError(
      'unsupported-option',
      `partialHypothesis has ${partialHypothesis.length} entries for ${audio.length} recordings; it needs one each, null where a recording begins.`,
    );
  if (long === 'buffered' || long === 'pauses')
    throw new AsrError('unsupported-option', `partialHypothesis does not go with long: '${long}'; use 'full'.`);
  if (vad) throw new AsrError('unsupported-option', 'partialHypothesis does not go with vad, which leaves parts out.');
}

/** Every recording's boosted phrases; undefined where nobody has any. */
function requestsOf(
  audio: readonly AudioInput[],
  { biasingRequests }: TranscribeOptions,
): TranscribeOptions['biasingRequests'] {
  if (biasingRequests && biasingRequests.length !== audio.length)
    throw new AsrError(
      'unsupported-option',
      `biasingRequests has ${biasingRequests.length} entries for ${audio.length} recordings; it needs one each, null where nothing is boosted.`,
    );
  const requests = audio.map(
    (input, index) => (isEntry(input) ? input.biasingRequest : undefined) ?? biasingRequests?.[index] ?? null,
  );
  return requests.some((request) => request) ? requests : undefined;
}

function slotsOf(input: AudioInput): Slots {
  return isEntry(input) ? (input.slots ?? {}) : {};
}

/** A line's fields win over what the call says; models without prompts never asked for them. */
function withSlots(
  { parts: { spec } }: RunningModel,
  { ...options }: TranscribeOptions,
  { task, source_lang: sourceLang, target_lang: targetLang, pnc, ...slots }: Slots,
): TranscribeOptions {
  if (spec.languagePrompt && targetLang !== undefined) return { ...options, targetLang: String(targetLang) };
  if (!spec.aed) return options;
  const { prompt = {} } = options;
  const isFlat = !('slots' in prompt) && !('turns' in prompt);
  return {
    ...options,
    ...(task === undefined ? {} : { task: String(task) }),
    ...(sourceLang === undefined ? {} : { sourceLang: String(sourceLang) }),
    ...(targetLang === undefined ? {} : { targetLang: String(targetLang) }),
    ...(pnc === undefined ? {} : { pnc }),
    ...(Object.keys(slots).length > 0 ? { prompt: isFlat ? { ...(prompt as Slots), ...slots } : slots } : {}),
  };
}
