/** What `workers/capture.worklet.ts` and `capture.ts` say to each other; apart, because the worklet must not pull in the page's side. */

/** Name of the processor in the worklet scope. */
export const CAPTURE_PROCESSOR = 'sotto-capture';

/** From the worklet: the next mono samples (transferred), or `'done'` after the last ones. */
export type CaptureMessage = Float32Array<ArrayBuffer> | 'done';

/** To the worklet: send what is left, then `'done'`. */
export type CaptureCommand = 'stop';
