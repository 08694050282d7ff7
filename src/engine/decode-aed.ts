/** Clips through the attention decoder: greedy or beam, in step where their memory allows. */
import { decodeAedBeam } from '../decoding/aed-beam.ts';
import { decodeAedGreedy } from '../decoding/aed-greedy.ts';
import type { AedHypothesis, AedSearchOptions } from '../decoding/aed-network.ts';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { AedDecodingSpec } from '../model/aed-decoding-spec.ts';
import { encodedLength } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { AedRunner, type CrossMemory, createCrossMemory, joinCrossMemories, releaseCrossMemory } from './aed-runner.ts';
import type { Encoded } from './encoder-runner.ts';
import type { ModelSessions } from './sessions.ts';

/** How this call decodes. */
export type AedRequest = {
  /** Ids every answer begins after. */
  readonly prompt: readonly number[];
  readonly search: AedDecodingSpec;
  /** Tokens of the tokenizer. */
  readonly vocabularySize: number;
  readonly endOfText: number;
  readonly padding: number;
};

/** A clip that waits for the decoder. */
export type AedClip = {
  readonly memory: CrossMemory;
  /** Its place in the memory. */
  readonly row: number;
  /** Encoder frames. */
  readonly length: number;
  /** Encoder frames NeMo's padded tensor has for it: what `max_generation_delta` counts from. */
  readonly paddedLength: number;
};

/** The best reading and, when all are asked for, the beams in NeMo's order. */
export type AedDecoded = { readonly best: AedHypothesis; readonly beams: readonly AedHypothesis[] };

/** Clips of one encoder batch; they share their memory. */
export async function prepareAed(sessions: ModelSessions, spec: ModelSpec, encoded: Encoded): Promise<AedClip[]> {
  if (!spec.aed) throw new AsrError('unsupported-option', `${spec.className} has no attention decoder.`);
  const memory = await createCrossMemory(sessions, spec.aed, encoded);
  const padding = spec.mel.exactPad ? 0 : 1;
  return encoded.lengths.map((length, clip) => ({
    memory,
    row: clip,
    length,
    paddedLength: encodedLength(spec.encoder, (encoded.featureLengths[clip] as number) + padding),
  }));
}

/** Answers in the order of `clips`, which are those of any number of whole encoder batches, mixed as one likes. */
export async function decodeAed(
  sessions: ModelSessions,
  spec: ModelSpec,
  clips: readonly AedClip[],
  request: AedRequest,
  signal?: AbortSignal,
): Promise<AedDecoded[]> {
  const aed = spec.aed as NonNullable<ModelSpec['aed']>;
  if (request.prompt.length >= aed.maxLength) {
    throw new AsrError(
      'unsupported-option',
      `The prompt has ${request.prompt.length} tokens; this checkpoint's decoder takes ${aed.maxLength}, answer included.`,
    );
  }
  const separate = [...new Set(clips.map((clip) => clip.memory))];
  const byRow = separate.flatMap((memory) =>
    clips.filter((clip) => clip.memory === memory).sort((a, b) => a.row - b.row),
  );
  const memories = await joinCrossMemories(sessions, separate);
  const results = new Map<AedClip, AedDecoded>();
  try {
    for (const memory of memories) {
      const group = byRow.slice(results.size, results.size + memory.lengths.length);
      const decoded = await search(new AedRunner(sessions, aed, memory), group, request, aed.maxLength, signal);
      for (const [index, clip] of group.entries()) results.set(clip, decoded[index] as AedDecoded);
    }
  } finally {
    for (const memory of memories) releaseCrossMemory(memory);
  }
  return clips.map((clip) => results.get(clip) as AedDecoded);
}

async function search(
  runner: AedRunner,
  clips: readonly AedClip[],
  request: AedRequest,
  maxLength: number,
  signal?: AbortSignal,
): Promise<AedDecoded[]> {
  const { prompt, search: config, vocabularySize, endOfText, padding } = request;
  const delta = config.maxGenerationDelta;
  const options: AedSearchOptions = {
    vocabularySize,
    endOfText,
    padding,
    maxLengths: clips.map(({ paddedLength }) => (delta < 0 ? maxLength : Math.min(maxLength, paddedLength + delta))),
    onStep: () => throwIfAborted(signal),
  };
  const prompts = clips.map(() => prompt);
  if (config.strategy === 'greedy') {
    const readings = await decodeAedGreedy(runner, prompts, options);
    return readings.map((best) => ({ best, beams: [] }));
  }
  const results = await decodeAedBeam(runner, prompts, {
    ...options,
    beamSize: config.beamSize,
    lengthPenalty: config.lengthPenalty,
  });
  return config.returnBestHypothesis ? results.map(({ best }) => ({ best, beams: [] })) : results;
}
