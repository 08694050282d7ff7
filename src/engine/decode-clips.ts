/** From encoder output to emissions: runs the chosen head over a batch of clips. */
import { decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import { type TransducerStep, decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import { throwIfAborted } from '../base/abort.ts';
import type { Emission } from '../base/emission.ts';
import { AsrError } from '../base/errors.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { type AedClip, type AedDecoded, type AedRequest, decodeAed, prepareAed } from './decode-aed.ts';
import { type Encoded, hostValues } from './encoder-runner.ts';
import type { ModelSessions } from './sessions.ts';
import { type ProjectedFrames, TransducerRunner } from './transducer-runner.ts';

/** One clip's result before it becomes text. */
export type Decoded = {
  readonly emissions: readonly Emission[];
  readonly score: number;
  /** Encoder frames. */
  readonly length: number;
  /** NeMo's `timestep`: every non-blank frame (CTC), or the frame of every token. */
  readonly timestep: readonly number[];
  /** CTC log-probabilities [length, vocabulary + 1], when asked. */
  readonly logProbs?: Float32Array;
  /** Transducer steps, when asked. */
  readonly steps?: readonly TransducerStep[];
  /** Beams of an attention decoder, when all were asked for. */
  readonly beams?: readonly { readonly emissions: readonly Emission[]; readonly score: number }[];
};

export type DecodeOptions = {
  readonly decoder: 'ctc' | 'transducer' | 'aed';
  /** For the attention decoder. */
  readonly aed?: AedRequest;
  readonly maxSymbols: number;
  readonly keepAlignments: boolean;
  readonly signal?: AbortSignal;
};

/** What is left of a clip once its encoder output is released: the CTC result, or frames for the transducer's loop. */
export type Prepared =
  | { readonly decoded: Decoded }
  | { readonly frames: ProjectedFrames; readonly length: number }
  | { readonly aed: AedClip };

/** Runs the head's part that belongs to the encoder's frames; afterwards `encoded` can be disposed. */
export async function prepareClips(
  sessions: ModelSessions,
  spec: ModelSpec,
  encoded: Encoded,
  options: DecodeOptions,
): Promise<Prepared[]> {
  if (options.decoder === 'ctc')
    return (await decodeCtc(sessions, spec, encoded, options)).map((decoded) => ({ decoded }));
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
    const decoded = await decodeTransducer(sessions, spec, waiting, options);
    waiting.forEach(({ index }, position) => {
      results[index] = decoded[position];
    });
  }
  const asked = clips.flatMap((clip, index) => ('aed' in clip ? [{ clip: clip.aed, index }] : []));
  if (asked.length > 0) {
    const request = options.aed as AedRequest;
    const decoded = await decodeAed(
      sessions,
      spec,
      asked.map(({ clip }) => clip),
      request,
      options.signal,
    );
    asked.forEach(({ clip, index }, position) => {
      results[index] = fromAed(decoded[position] as AedDecoded, clip.length);
    });
  }
  return results as Decoded[];
}

/** Tokens of an attention decoder stand at no frame. NeMo gives its one best reading no score; only beams have theirs. */
function fromAed({ best, beams }: AedDecoded, length: number): Decoded {
  const emissions = ({ tokens, logProbs }: AedDecoded['best']): Emission[] =>
    tokens.map((token, index) => ({ token, frame: 0, duration: 0, logProb: logProbs[index] as number }));
  const all = beams.map((beam) => ({ emissions: emissions(beam), score: beam.score }));
  const chosen = all[0] ?? { emissions: emissions(best), score: 0 };
  return { ...chosen, length, timestep: [], ...(all.length > 0 ? { beams: all } : {}) };
}

async function decodeCtc(
  sessions: ModelSessions,
  spec: ModelSpec,
  { tensor, lengths }: Encoded,
  { keepAlignments }: DecodeOptions,
): Promise<Decoded[]> {
  if (!spec.ctc) throw new AsrError('unsupported-option', `${spec.className} has no CTC head; use decoderType "rnnt".`);
  const classes = spec.ctc.vocabularySize + 1;
  const session = await sessions.get('ctc');
  const outputs = await session.run(
    { encoded: tensor },
    keepAlignments ? ['ids', 'best', 'log_probs'] : ['ids', 'best'],
  );
  const ids = await hostIds(outputs['ids'] as Tensor);
  const best = await hostValues(outputs['best'] as Tensor);
  const logProbs = keepAlignments ? await hostValues(outputs['log_probs'] as Tensor) : undefined;
  const stride = tensor.dims[1] as number;

  return lengths.map((length, clip) => {
    const from = clip * stride;
    const to = from + length;
    const { emissions, score, nonBlankFrames } = decodeCtcGreedy(
      ids.subarray(from, to),
      best.subarray(from, to),
      classes - 1,
    );
    const alignments = logProbs ? { logProbs: logProbs.slice(from * classes, to * classes) } : {};
    return { emissions, score, length, timestep: nonBlankFrames, ...alignments };
  });
}

async function decodeTransducer(
  sessions: ModelSessions,
  spec: ModelSpec,
  clips: readonly { readonly frames: ProjectedFrames; readonly length: number }[],
  { maxSymbols, keepAlignments, signal }: DecodeOptions,
): Promise<Decoded[]> {
  if (!spec.transducer)
    throw new AsrError('unsupported-option', `${spec.className} has no transducer; use decoderType "ctc".`);
  const network = new TransducerRunner(
    sessions,
    spec.transducer,
    clips.map((clip) => clip.frames),
  );
  const lengths = clips.map((clip) => clip.length);
  const results = await decodeTransducerGreedy(network, lengths, {
    blank: spec.transducer.vocabularySize,
    durations: spec.transducer.durations,
    maxSymbols,
    keepSteps: keepAlignments,
    onRound: () => throwIfAborted(signal),
  });
  return results.map(({ emissions, score, steps }, clip) => ({
    emissions,
    score,
    length: lengths[clip] as number,
    timestep: emissions.map((emission) => emission.frame),
    ...(keepAlignments ? { steps } : {}),
  }));
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

/** ArgMax gives int64; vocabularies fit into int32. */
export async function hostIds(tensor: Tensor): Promise<Int32Array> {
  const data = (tensor.location === 'cpu' ? tensor.data : await tensor.getData()) as BigInt64Array;
  return Int32Array.from(data, Number);
}
