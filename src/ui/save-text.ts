/** A transcript as a file on the reader's disk. */
import { Scope } from '../base/scope.ts';
import { type TranscriptFormat, extensionOf } from '../text/transcript-format.ts';

const REVOKE_MS = 60_000;
const MIME: Readonly<Record<string, string>> = {
  vtt: 'text/vtt',
  json: 'application/json',
  jsonl: 'application/jsonl',
};

/** The name of a file beside a recording's: its own, with another ending. */
export function fileNameFor(recordingName: string, format: TranscriptFormat): string {
  return `${recordingName.replace(/\.[a-z0-9]{1,5}$/i, '')}.${extensionOf(format)}`;
}

/** Offers `text` as a download. */
export function saveText(text: string, fileName: string): void {
  const extension = fileName.slice(fileName.lastIndexOf('.') + 1);
  const url = URL.createObjectURL(new Blob([text], { type: MIME[extension] ?? 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // Some browsers read it only after this call has returned.
  new Scope().timeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}
