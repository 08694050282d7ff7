/** The file formats a transcript is kept in, and what each of them needs to know. */
import type { Hypothesis } from '../base/hypothesis.ts';
import type { CaptionProfile } from './caption-profile.ts';
import { toCtm } from './ctm.ts';
import { toManifestLine } from './manifest-line.ts';
import { toText } from './plain-text.ts';
import { toSrt, toVtt } from './subtitles.ts';
import { toJson } from './verbose-json.ts';

export const TRANSCRIPT_FORMATS = ['txt', 'srt', 'vtt', 'ctm', 'json', 'manifest'] as const;

/** `json` is the verbose JSON of transcription services, `manifest` NeMo's. */
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

/** What a transcript is of. */
export type TranscriptOf = {
  /** Name or path of the recording. */
  readonly name: string;
  /** Seconds. */
  readonly duration: number;
  /** What was said, where that is known: a manifest carries it on. */
  readonly reference?: string | undefined;
  readonly captions?: Partial<CaptionProfile> | undefined;
  /** WebVTT: a time before every word of a cue. @default false */
  readonly wordTimes?: boolean;
};

/** What says where words are, and needs timestamps therefore. */
export function isTimed(format: TranscriptFormat): boolean {
  return format !== 'txt' && format !== 'manifest';
}

/** Whether transcripts of several recordings, one after the other, are a file of this format too. */
export function isJoinable(format: TranscriptFormat): boolean {
  return format === 'ctm' || format === 'manifest';
}

/** Ending of a file name, without the dot. */
export function extensionOf(format: TranscriptFormat): string {
  return format === 'manifest' ? 'jsonl' : format;
}

/** The transcript, with a line feed at its end. @throws TypeError where the format needs timestamps and there are none */
export function transcriptAs(
  format: TranscriptFormat,
  hypothesis: Hypothesis,
  { name, duration, reference, captions, wordTimes = false }: TranscriptOf,
): string {
  switch (format) {
    case 'srt':
      return toSrt(hypothesis, captions ? { captions } : {});
    case 'vtt':
      return toVtt(hypothesis, { wordTimes, ...(captions ? { captions } : {}) });
    case 'ctm':
      return toCtm(hypothesis, { file: name });
    case 'json':
      return toJson(hypothesis, { duration, words: true });
    case 'manifest':
      return toManifestLine(hypothesis, {
        audioFilepath: name,
        duration,
        ...(reference === undefined ? {} : { text: reference }),
      });
    case 'txt':
      return `${toText(hypothesis)}\n`;
  }
}
