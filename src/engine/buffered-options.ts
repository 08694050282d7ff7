/** The settings of `long: 'buffered'`, filled in and checked; NeMo's scripts take the same numbers as arguments. */
import { AsrError } from '../base/errors.ts';
import { frameFactor } from '../model/encoder.ts';
import type { RunningModel } from './running-model.ts';
import type { BufferedOptions, LongAudioMode, TranscribeOptions } from './options.ts';

/** A filled-in `BufferedOptions`. */
export type BufferedPlan = Required<BufferedOptions>;

const FILLED = {
  context: { chunkSeconds: 10, leftSeconds: 10, rightSeconds: 5, bufferSeconds: 0 },
  middle: { chunkSeconds: 1.6, bufferSeconds: 4, leftSeconds: 0, rightSeconds: 0 },
} as const;

/** @throws AsrError `unsupported-option` for what the head or the numbers cannot do */
export function planBuffered(
  model: RunningModel,
  {
    buffered: options = {},
    returnAlignments,
    biasingRequests,
  }: Pick<TranscribeOptions, 'buffered' | 'returnAlignments' | 'biasingRequests'>,
): BufferedPlan {
  const { method = model.decoder === 'ctc' ? 'middle' : 'context' } = options;
  const { hopLength, sampleRate } = model.parts.spec.mel;
  const plan = { method, ...FILLED[method === 'context' ? 'context' : 'middle'], ...options };
  const refuse = (what: string): never => {
    throw new AsrError('unsupported-option', `long "buffered": ${what}.`);
  };
  const { config } = model.decoding ?? {};
  // As in NeMo's scripts: buffers overlap, and what is merged of them has no one row a frame.
  if (returnAlignments) refuse('there are no alignments; long "full" and "pauses" have them');
  if (config && !config.isGreedy && !(method === 'context' && config.strategy === 'malsd_batch'))
    refuse(
      `strategy "${config.strategy}" is for long "pauses" and "full"; as in NeMo's scripts, "greedy_batch" goes with every method, and "malsd_batch" with method "context"`,
    );
  if (method !== 'context' && biasingRequests?.some((request) => request))
    refuse(`method "${method}" takes no biasingRequests; "context" does, as NeMo's script for it`);
  if (method === 'lcs' && model.decoder === 'ctc') refuse('method "lcs" is for transducers; CTC has "middle"');
  const frameSeconds = (hopLength * frameFactor(model.parts.spec.encoder)) / sampleRate;
  if (!(plan.chunkSeconds >= frameSeconds)) refuse(`chunkSeconds is less than one encoder frame (${frameSeconds} s)`);
  if (!(plan.leftSeconds >= 0 && plan.rightSeconds >= 0)) refuse('leftSeconds and rightSeconds cannot be negative');
  if (method !== 'context' && !(plan.bufferSeconds >= plan.chunkSeconds))
    refuse(`bufferSeconds (${plan.bufferSeconds}) is less than chunkSeconds (${plan.chunkSeconds})`);
  return plan;
}

/**
 * Whether an attention decoder's long recordings are read in overlapping chunks: where it is asked for, and where NeMo does it by itself.
 *
 * @throws AsrError `unsupported-option` for what an attention decoder cannot do
 */
export function takesChunks(
  { parts: { aligner } }: RunningModel,
  { buffered = {}, timestamps }: TranscribeOptions,
  long: LongAudioMode,
): boolean {
  if (long === 'auto') return aligner !== undefined;
  if (long !== 'buffered' || Object.keys(buffered).length === 0) return false;
  const { method, ...others } = buffered;
  if (method !== 'lcs' || Object.keys(others).length > 0)
    throw new AsrError(
      'unsupported-option',
      'long "buffered": an attention decoder takes method "lcs" (overlapping chunks), or nothing (windows of 40 s).',
    );
  if (timestamps && !aligner)
    throw new AsrError(
      'unsupported-option',
      'long "buffered": chunks cannot be merged with timestamps in their text; leave method out, or timestamps.',
    );
  return true;
}
