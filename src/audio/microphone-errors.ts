/** Why there is no microphone, in words that say what to do. Browsers tell most of it by the name of a DOMException only. */
import { AsrError, messageOf } from '../base/errors.ts';

type Policy = { allowsFeature(name: string): boolean };

/** What is known before asking: no API (plain http) or a policy that forbids it. Throws, or returns when asking makes sense. */
export function checkMicrophoneAllowed(): void {
  // `mediaDevices` is typed as always there, but insecure pages lack it.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices?.getUserMedia)
    throw new AsrError(
      'microphone',
      'The browser gives microphones to secure pages only: open this page over https or on localhost.',
    );
  // Chromium still has the standard's old name; Firefox and Safari have neither and refuse later.
  const { permissionsPolicy, featurePolicy } = document as { permissionsPolicy?: Policy; featurePolicy?: Policy };
  if ((permissionsPolicy ?? featurePolicy)?.allowsFeature('microphone') === false) throw policyError();
}

/** The error for a failed `getUserMedia`. */
export function toMicrophoneError(thrown: unknown): AsrError {
  const name = thrown instanceof DOMException ? thrown.name : '';
  const error = (message: string) => new AsrError('microphone', message, { cause: thrown });
  switch (name) {
    case 'NotAllowedError':
      // Where the policy cannot be asked, it hides behind this name as well.
      return error(
        `The microphone was refused: allow it for this page in the browser's address bar${isFramed() ? ' (a page inside a frame also needs allow="microphone" on the frame)' : ''}, and in the system's privacy settings.`,
      );
    case 'SecurityError':
      return policyError(thrown);
    case 'NotFoundError':
      return error('No microphone was found: plug one in, or enable it in the system settings.');
    case 'OverconstrainedError':
      return error('The chosen microphone is not there any more: choose another one.');
    case 'NotReadableError':
    case 'AbortError':
      return error(
        'The microphone could not be started; another program may be using it. Close that program and try again.',
      );
    default:
      return error(`The microphone could not be opened: ${messageOf(thrown)}`);
  }
}

function policyError(cause?: unknown): AsrError {
  const what = isFramed()
    ? 'The page around this frame does not let it use the microphone: the <iframe> needs allow="microphone".'
    : "This page's Permissions-Policy header forbids the microphone: it needs microphone=(self).";
  return new AsrError('microphone', what, { cause });
}

function isFramed(): boolean {
  return window.top !== window;
}
