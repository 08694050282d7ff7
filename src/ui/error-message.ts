/**
 * What an error code means to the person in front of the page, and what they can do about it.
 *
 * The switch is exhaustive: a new code does not compile until it has words. The error's own message, which names the file or the
 * tensor, stays available as the detail.
 */
import { type ErrorCode, isAsrError, messageOf } from '../base/errors.ts';

/** Words for one failure. */
export type ErrorMessage = {
  readonly code: ErrorCode | 'unknown';
  /** What happened, in a few words. */
  readonly title: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The engine's own sentence, with names and numbers. */
  readonly detail: string;
};

/** Plain words for anything that was thrown. */
export function describeError(error: unknown): ErrorMessage {
  const detail = messageOf(error);
  if (!isAsrError(error)) {
    return {
      code: 'unknown',
      title: 'Something went wrong here',
      remedy: 'Try again; if it stays, reload the page.',
      detail,
    };
  }
  return { code: error.code, detail, ...wordsFor(error.code) };
}

function wordsFor(code: ErrorCode): Pick<ErrorMessage, 'title' | 'remedy'> {
  switch (code) {
    case 'checkpoint-not-found':
      return {
        title: 'No model there',
        remedy: 'Check the name or the address. A hub name looks like nvidia/parakeet-tdt_ctc-110m.',
      };
    case 'checkpoint-corrupt':
      return {
        title: 'This model file is damaged or is not a .nemo',
        remedy: 'Get the file again; the download may have been cut off.',
      };
    case 'checkpoint-unsupported':
      return {
        title: 'This model has a part that Sotto does not know',
        remedy: 'The detail names it. Choose another model.',
      };
    case 'wrong-class':
      return {
        title: 'This is a model of another class',
        remedy: 'Open it through the class that the detail names, or through ASRModel.',
      };
    case 'download-failed':
      return {
        title: 'It could not be fetched',
        remedy: 'Check the connection and try again; what has arrived is kept.',
      };
    case 'integrity':
      return {
        title: 'The download does not match its checksum',
        remedy: 'Try again. If it stays, the file on the server is damaged.',
      };
    case 'quota':
      return {
        title: 'No room left in this browser',
        remedy: 'Delete a stored model below, or free space on the disk.',
      };
    case 'offline':
      return { title: 'You are offline', remedy: 'Stored models still work. Connect to fetch a new one.' };
    case 'audio-undecodable':
      return {
        title: 'This file cannot be read as audio',
        remedy: 'Save it as WAV, FLAC, MP3, M4A or Ogg and drop it again.',
      };
    case 'audio-empty':
      return {
        title: 'There is no sound in this file',
        remedy: 'Check that it is the right file and was recorded to the end.',
      };
    case 'manifest-invalid':
      return { title: 'The manifest has a line that cannot be used', remedy: 'The detail names the line: correct it.' };
    case 'microphone':
      return {
        title: 'The microphone is not available',
        remedy: 'Allow it in the browser’s address bar, check that it is plugged in, and try again.',
      };
    case 'device-unavailable':
      return {
        title: 'The graphics card cannot be used',
        remedy: 'Under “Change model”, let it run on the processor.',
      };
    case 'device-lost':
      return {
        title: 'The engine stopped while working',
        remedy: 'Try again: it starts afresh. Your files are untouched.',
      };
    case 'out-of-memory':
      return {
        title: 'Not enough memory',
        remedy: 'Close other tabs, use a smaller model, or cut the recording into parts.',
      };
    case 'self-test-failed':
      return {
        title: 'This device computes wrong results',
        remedy: 'Under “Change model”, let it run on the processor.',
      };
    case 'unsupported-option':
      return { title: 'This model cannot do that', remedy: 'The detail says what is possible.' };
    case 'disposed':
      return { title: 'The model was closed meanwhile', remedy: 'Try again with the model that is open now.' };
    case 'cancelled':
      return { title: 'Cancelled', remedy: 'The text so far is kept.' };
  }
}
