/** From encoder output to emissions: runs the chosen head over a batch of clips. */
import type { ModelSpec } from '../model/spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { type AedClip, type AedRequest, decodeAed, prepareAed } from './decode-aed.ts';
import { decodeCtc } from './decode-ctc.ts';
import { type TransducerClip, decodeTransducer } from './decode-transducer.ts';
import type { Decoded } from './decoded.ts';
import type { Decoding } from './decoding.ts';
import type { Encoded } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { ModelSessions } from './sessions.ts';
import type { ProjectedFrames } from './transducer-runner.ts';

export type { Decoded } from './decoded.ts';

export type DecodeOptions = {
  readonly decoder: 'ctc' | 'transducer' | 'aed';
  /** For the attention decoder. */
  readonly aed?: AedRequest;
  /** @default greedy */
  readonly decoding?: Decoding | undefined;
  readonly maxSymbols: number;
  readonly keepAlignments: boolean;
  readonly signal?: AbortSignal;
};

/** What is left of a clip once its encoder output is released: the CTC result, or frames for the transducer's loop. */
export type Prepared = { readonly decoded: Decoded } | TransducerClip | { readonly aed: AedClip };

/** Runs the head's part that belongs to the encoder's frames; afterwards `encoded` can be disposed. */
export async function prepareClips(
  sessions: ModelSessions,
  spec: ModelSpec,
  encoded: Encoded,
  options: DecodeOptions,
): Promise<Prepared[]> {
  if (options.decoder === 'ctc')
    return (
      await decodeCtc(sessions, spec, encoded, { decoding: options.decoding, keepAlignments: options.keepAlignments })
    ).map((decoded) => ({ decoded }));
  if (options.decoder === 'aed') return (await prepareAed(sessions, spec, encoded)).map((aed) => ({ aed }));
  const clips = await projectFrames(sessions, spec, encoded);
  return clips.map((frames, clip) => ({ frames, length: encoded.lengths[clip] as number }));
}

/** Finishes clips of any number of encoder batches; transducer clips step together, as rows of one batch. */
export async function decodeClips(
  sessions: ModelSessions,
  spec: ModelSpec,
  clips: readonly Prepared[],
  options: DecodeOptions,
): Promise<Decoded[]> {
  const results: (Decoded | undefined)[] = clips.map((clip) => ('decoded' in clip ? clip.decoded : undefined));
  const waiting = clips.flatMap((clip, index) => ('frames' in clip ? [{ ...clip, index }] : []));
  if (waiting.length > 0) {
    const decoded = await decodeTransducer(sessions, spec, waiting, { ...options, decoding: options.decoding });
    waiting.forEach(({ index }, position) => {
      results[index] = decoded[position];
    });
  }
  const asked = clips.flatMap((clip, index) => ('aed' in clip ? [{ clip: clip.aed, index }] : []));
  if (asked.length > 0) {
    const { aed: request, decoding, signal } = options;
    const decoded = await decodeAed(
      sessions,
      spec,
      asked.map(({ clip }) => clip),
      { request: request as AedRequest, decoding, ...(signal ? { signal } : {}) },
    );
    asked.forEach(({ index }, position) => {
      results[index] = decoded[position];
    });
  }
  return results as Decoded[];
}

/** Encoder frames of every clip through the joint's encoder projection, in host memory. */
export async function projectFrames(
  sessions: ModelSessions,
  spec: ModelSpec,
  { tensor, lengths }: Encoded,
): Promise<ProjectedFrames[]> {
  const session = await sessions.get('projection');
  const { projected } = await session.run({ encoded: tensor });
  const values = await hostValues(projected as Tensor);
  const size = (spec.transducer as NonNullable<ModelSpec['transducer']>).joint.hiddenSize;
  const stride = (tensor.dims[1] as number) * size;
  return lengths.map((length, clip) => values.subarray(clip * stride, clip * stride + length * size));
}
