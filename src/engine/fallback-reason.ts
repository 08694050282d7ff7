/** Why a GPU was given up, as one sentence for `model.report.reason`: for people first, so ORT's own text comes only where nothing else is known. */
import { type AsrError, messageOf } from '../base/errors.ts';

const INSTEAD = 'so the model runs on the processor (WASM)';

export function fallbackReason(cause: AsrError): string {
  switch (cause.code) {
    case 'self-test-failed':
      return `The graphics card computes wrong results (${cause.message}), ${INSTEAD}; a newer browser or graphics driver may help.`;
    case 'device-lost':
      return `The graphics card stopped working, ${INSTEAD} now.`;
    case 'out-of-memory':
      return `The graphics card has too little memory for this, ${INSTEAD} now.`;
    default:
      return `The graphics card could not do its part (${messageOf(cause).replace(/\.$/, '')}), ${INSTEAD} now.`;
  }
}
