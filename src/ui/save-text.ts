/** A transcript as a file or on the clipboard. */
import type { Hypothesis } from '../base/hypothesis.ts';
import { toCtm } from '../text/ctm.ts';
import { toText } from '../text/plain-text.ts';
import { toSrt, toVtt } from '../text/subtitles.ts';
import { toJson } from '../text/verbose-json.ts';
import { Scope } from '../base/scope.ts';

/** File formats that the page offers. */
export type TextFormat = 'txt' | 'srt' | 'vtt' | 'ctm' | 'json';

/** What a transcript is of. */
export type Recording = {
  readonly name: string;
  /** Seconds. */
  readonly duration: number;
};

const REVOKE_MS = 60_000;
const MIME: Partial<Record<TextFormat, string>> = { vtt: 'text/vtt', json: 'application/json' };

/** The transcript in a format. All but TXT need the timestamps of `hypothesis`; `recording` is named by CTM and JSON. */
export function transcriptAs(format: TextFormat, hypothesis: Hypothesis, { name, duration }: Recording): string {
  switch (format) {
    case 'srt':
      return toSrt(hypothesis);
    case 'vtt':
      return toVtt(hypothesis);
    case 'ctm':
      return toCtm(hypothesis, { file: name });
    case 'json':
      return toJson(hypothesis, { duration, words: true });
    case 'txt':
      return `${toText(hypothesis)}\n`;
  }
}

/** The name of a file beside a recording's: its own, with another ending. */
export function fileNameFor(recordingName: string, format: TextFormat): string {
  return `${recordingName.replace(/\.[a-z0-9]{1,5}$/i, '')}.${format}`;
}

/** Offers `text` as a download. */
export function saveText(text: string, fileName: string): void {
  const format = fileName.slice(fileName.lastIndexOf('.') + 1) as TextFormat;
  const url = URL.createObjectURL(new Blob([text], { type: MIME[format] ?? 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // Some browsers read it only after this call has returned.
  new Scope().timeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}
