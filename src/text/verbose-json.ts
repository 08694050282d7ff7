/**
 * The `verbose_json` of OpenAI's transcription API, which many tools read.
 *
 * Its clients require every number. Real are the times, tokens and `avg_logprob` (that of the whole hypothesis: NeMo scores no segments);
 * `temperature`, `compression_ratio` and `no_speech_prob` belong to another decoder and are 0.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import { inTime } from './in-time.ts';

/** The verbose JSON of a transcript, by the field names that transcription services have made common. */
export type VerboseJson = {
  readonly task: 'transcribe' | 'translate';
  readonly language: string;
  /** Seconds of audio. */
  readonly duration: number;
  readonly text: string;
  readonly segments: readonly VerboseSegment[];
  readonly words?: readonly { readonly word: string; readonly start: number; readonly end: number }[];
  readonly usage: { readonly type: 'duration'; readonly seconds: number };
};

/** One segment of the verbose JSON; times in seconds. */
export type VerboseSegment = {
  readonly id: number;
  readonly seek: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokens: readonly number[];
  readonly temperature: number;
  readonly avg_logprob: number;
  readonly compression_ratio: number;
  readonly no_speech_prob: number;
};

/** How the JSON is laid out. */
export type JsonOptions = {
  /** Seconds of audio. */
  readonly duration: number;
  /** @default the hypothesis' own, else '' */
  readonly language?: string;
  /** @default 'transcribe' */
  readonly task?: 'transcribe' | 'translate';
  /** Lists the words too. @default false */
  readonly words?: boolean;
};

/** JSON text of `toVerboseJson`, indented by two. */
export function toJson(hypothesis: Hypothesis, options: JsonOptions): string {
  return `${JSON.stringify(toVerboseJson(hypothesis, options), null, 2)}\n`;
}

/** The object; without timestamps it has one segment over the whole duration. */
export function toVerboseJson(hypothesis: Hypothesis, options: JsonOptions): VerboseJson {
  const { duration, language = hypothesis.langs ?? '', task = 'transcribe', words = false } = options;
  const { timestamp, ySequence, score } = hypothesis;
  const text = hypothesis.text.trim();
  const segments = timestamp.segment ?? (text === '' ? [] : [{ segment: text, start: 0, end: duration }]);
  const tokens = splitTokens(
    hypothesis,
    segments.map(({ segment }) => segment),
  );
  return {
    task,
    language,
    duration,
    text,
    segments: inTime(segments).map(({ segment, start, end }, id) => ({
      id,
      seek: 0,
      start,
      end,
      text: segment,
      tokens: tokens[id]!,
      temperature: 0,
      avg_logprob: ySequence.length === 0 ? 0 : score / ySequence.length,
      compression_ratio: 0,
      no_speech_prob: 0,
    })),
    ...(words ? { words: inTime(timestamp.word ?? []).map(({ word, start, end }) => ({ word, start, end })) } : {}),
    usage: { type: 'duration', seconds: duration },
  };
}

/** Tokens by segment: a segment takes tokens until they print as many characters as it has. Spaces do not count, words drop them. */
function splitTokens({ timestamp, ySequence }: Hypothesis, segments: readonly string[]): number[][] {
  const chars = timestamp.char;
  if (segments.length < 2 || chars?.length !== ySequence.length)
    return segments.map((_, index) => (index === 0 ? [...ySequence] : []));
  let next = 0;
  return segments.map((segment, index) => {
    const tokens: number[] = [];
    for (
      let left = numVisible(segment);
      next < ySequence.length && (left > 0 || index === segments.length - 1);
      next++
    ) {
      left -= numVisible([chars[next]!.char].flat().join('').replace(/^##/, ''));
      tokens.push(ySequence[next]!);
    }
    return tokens;
  });
}

function numVisible(text: string): number {
  return text.replace(/\s/g, '').length;
}
