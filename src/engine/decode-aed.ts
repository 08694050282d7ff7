/** Clips through the attention decoder: greedy or beam, in step where their memory allows. */
import { decodeAedBeam } from '../decoding/aed-beam.ts';
import { decodeAedGreedy } from '../decoding/aed-greedy.ts';
import type { AedHypothesis, AedSearchOptions } from '../decoding/aed-network.ts';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError } from '../base/errors.ts';
import type { Emission } from '../base/emission.ts';
import { encodedLength } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { confidenceOf } from '../text/confidence.ts';
import { AedRunner, type CrossMemory, createCrossMemory, joinCrossMemories, releaseCrossMemory } from './aed-runner.ts';
import type { Decoded } from './decoded.ts';
import { type Decoding, aedDecodingOf } from './decoding.ts';
import type { Encoded } from './encoder-runner.ts';
import type { ModelSessions } from './sessions.ts';

/** What a call asks. */
export type AedRequest = {
  /** Ids every answer begins after. */
  readonly prompt: readonly number[];
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

/** A call's wishes and the decoding config in force. */
export type AedOptions = {
  readonly request: AedRequest;
  readonly decoding: Decoding | undefined;
  readonly signal?: AbortSignal;
};

/** Answers in the order of `clips`, which are those of any number of whole encoder batches, mixed as one likes. */
export async function decodeAed(
  sessions: ModelSessions,
  spec: ModelSpec,
  clips: readonly AedClip[],
  options: AedOptions,
): Promise<Decoded[]> {
  const aed = spec.aed as NonNullable<ModelSpec['aed']>;
  const { prompt } = options.request;
  if (prompt.length >= aed.maxLength) {
    throw new AsrError(
      'unsupported-option',
      `The prompt has ${prompt.length} tokens; this checkpoint's decoder takes ${aed.maxLength}, answer included.`,
    );
  }
  const separate = [...new Set(clips.map((clip) => clip.memory))];
  const byRow = separate.flatMap((memory) =>
    clips.filter((clip) => clip.memory === memory).sort((a, b) => a.row - b.row),
  );
  const memories = await joinCrossMemories(sessions, separate);
  const results = new Map<AedClip, Decoded>();
  try {
    for (const memory of memories) {
      const group = byRow.slice(results.size, results.size + memory.lengths.length);
      const decoded = await search(new AedRunner(sessions, aed, memory), group, aed.maxLength, options);
      for (const [index, clip] of group.entries()) results.set(clip, decoded[index] as Decoded);
    }
  } finally {
    for (const memory of memories) releaseCrossMemory(memory);
  }
  return clips.map((clip) => results.get(clip) as Decoded);
}

async function search(
  runner: AedRunner,
  clips: readonly AedClip[],
  maxLength: number,
  { request, decoding, signal }: AedOptions,
): Promise<Decoded[]> {
  const { config, fusion } = aedDecodingOf(decoding);
  const { prompt, ...tokens } = request;
  const delta = config.maxGenerationDelta;
  const options: AedSearchOptions = {
    ...tokens,
    maxLengths: clips.map(({ paddedLength }) => (delta < 0 ? maxLength : Math.min(maxLength, paddedLength + delta))),
    onStep: () => throwIfAborted(signal),
  };
  const prompts = clips.map(() => prompt);
  if (config.isGreedy) {
    const method = config.confidence?.method;
    const measure = method && ((logProbs: Float32Array) => confidenceOf(logProbs, logProbs.length, method));
    const temperature = config.samplingTemperature;
    const { numSamples } = config;
    const sampling = temperature === undefined ? undefined : { temperature, random: Math.random, numSamples };
    const readings = await decodeAedGreedy(runner, prompts, { ...options, sampling, ...(measure ? { measure } : {}) });
    return clips.map((clip, index) => {
      const drawn = readings.slice(index * numSamples, (index + 1) * numSamples);
      const [first] = drawn as [AedHypothesis];
      const result = { ...toDecoded(first, clip), ...confidencesOf(first, prompt) };
      if (!config.returnsAll) return result;
      return { ...result, beams: drawn.map((reading) => ({ emissions: emissionsOf(reading), score: 0 })) };
    });
  }
  const { beamSize, lengthPenalty, returnsAll } = config;
  const results = await decodeAedBeam(runner, prompts, { ...options, beamSize, lengthPenalty, fusion });
  return results.map(({ best, beams }, index) => {
    const clip = clips[index] as AedClip;
    if (!returnsAll) return toDecoded(best, clip);
    const readings = beams.map((beam) => ({ emissions: emissionsOf(beam), score: beam.score }));
    return { ...toDecoded(beams[0] as AedHypothesis, clip), score: (beams[0] as AedHypothesis).score, beams: readings };
  });
}

/** NeMo gives a single reading no score; only the beams of an n-best list have theirs. */
function toDecoded(reading: AedHypothesis, { length }: AedClip): Decoded {
  return { emissions: emissionsOf(reading), score: 0, length, timestep: [] };
}

/** Tokens of an attention decoder stand at no frame. */
function emissionsOf({ tokens, logProbs }: AedHypothesis): Emission[] {
  return tokens.map((token, index) => ({ token, frame: 0, duration: 0, logProb: logProbs[index] as number }));
}

/** NeMo's `frame_confidence` here counts tokens: those of the prompt are certain, and the end is among them. */
function confidencesOf(
  { tokens, confidences }: AedHypothesis,
  prompt: readonly number[],
): Pick<Decoded, 'frameConfidence' | 'tokenConfidence'> {
  if (!confidences) return {};
  return {
    frameConfidence: [...prompt.map(() => 1), ...confidences],
    tokenConfidence: confidences.slice(0, tokens.length),
  };
}
