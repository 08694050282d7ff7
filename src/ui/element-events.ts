/**
 * The events of `<sotto-dictation>` and `<sotto-transcriber>`: bubbling, composed, with a typed detail. Names and details are a contract.
 */
import type { Hypothesis, WordStamp } from '../base/hypothesis.ts';
import type { Progress } from '../base/progress.ts';
import type { Device } from '../rpc/protocol.ts';

/** What each event carries. Times are seconds. */
export type SottoEventDetails = {
  'sotto-state': { readonly from: string; readonly to: string; readonly device: Device | undefined };
  'sotto-draft': {
    readonly committed: string;
    readonly draft: string;
    readonly words: readonly WordStamp[];
    readonly time: number;
  };
  /** Cancelable: cancelling means "I have inserted it myself". */
  'sotto-commit': {
    readonly text: string;
    readonly words: readonly WordStamp[];
    readonly start: number;
    readonly end: number;
    readonly id: number;
  };
  'sotto-utterance-end': { readonly text: string; readonly start: number; readonly end: number };
  'sotto-speech-start': { readonly time: number };
  'sotto-speech-end': { readonly time: number };
  'sotto-progress': {
    readonly phase: Progress['phase'];
    readonly done: number;
    readonly total: number | undefined;
    readonly eta: number | undefined;
  };
  'sotto-error': { readonly code: string; readonly message: string; readonly remedy: string };
  'sotto-transcript': { readonly file: File | undefined; readonly hypothesis: Hypothesis };
};

/** Dispatches one of the contract's events; false when it was cancelled. */
export function send<Type extends keyof SottoEventDetails>(
  target: EventTarget,
  type: Type,
  detail: SottoEventDetails[Type],
): boolean {
  return target.dispatchEvent(
    new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: type === 'sotto-commit' }),
  );
}

/** A progress report as the event's detail: bytes while a model comes, seconds of audio while it works. */
export function progressDetail(progress: Progress, eta?: number): SottoEventDetails['sotto-progress'] {
  switch (progress.phase) {
    case 'download':
    case 'convert':
      return { phase: progress.phase, done: progress.loadedBytes, total: progress.totalBytes, eta };
    case 'load':
      return { phase: progress.phase, done: 0, total: undefined, eta };
    case 'transcribe':
      return { phase: progress.phase, done: progress.seconds, total: progress.totalSeconds, eta };
  }
}
