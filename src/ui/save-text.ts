/** A transcript as a file or on the clipboard. */
import type { Hypothesis } from '../base/hypothesis.ts';
import { toText } from '../text/plain-text.ts';
import { toSrt, toVtt } from '../text/subtitles.ts';

/** File formats that the page offers. */
export type TextFormat = 'txt' | 'srt' | 'vtt';

/** The transcript in a format. SRT and VTT need the timestamps of `hypothesis`. */
export function transcriptAs(format: TextFormat, hypothesis: Hypothesis): string {
  if (format === 'srt') return toSrt(hypothesis);
  if (format === 'vtt') return toVtt(hypothesis);
  return `${toText(hypothesis)}\n`;
}

/** Offers `text` as a download named like the recording. */
export function saveText(text: string, recordingName: string, format: TextFormat): void {
  const url = URL.createObjectURL(new Blob([text], { type: format === 'vtt' ? 'text/vtt' : 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${recordingName.replace(/\.[^.]+$/, '')}.${format}`;
  link.click();
  URL.revokeObjectURL(url);
}
