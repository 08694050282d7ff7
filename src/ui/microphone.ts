/** The microphone with our own recorder worklet: the one place where its built file is known. */
import recorderUrl from '../../workers/capture.worklet.ts?worker&url';
import { type Microphone, type MicrophoneOptions, openMicrophone as openWith } from '../audio/capture.ts';

/**
 * Asks for the microphone and starts it; call it from a click or key handler.
 * Rejects with `AsrError('microphone')` when it is refused, missing or in use.
 */
export function openMicrophone(
  options: Omit<MicrophoneOptions, 'workletUrl'> & { readonly workletUrl?: string | URL } = {},
): Promise<Microphone> {
  return openWith({ workletUrl: recorderUrl, ...options });
}
