/** The CTC head over a batch of clips: class scores to emissions, by the decoding config in force. */
import { decodeCtcBeam } from '../decoding/ctc-beam.ts';
import type { BeamReading } from '../decoding/beam-path.ts';
import { chooseCtcFused } from '../decoding/ctc-fused-greedy.ts';
import { decodeCtcGreedy } from '../decoding/ctc-greedy.ts';
import { decodeCtcLexicon } from '../decoding/ctc-lexicon-beam.ts';
import { decodeCtcWords } from '../decoding/ctc-word-beam.ts';
import { logSoftmax } from '../decoding/scores.ts';
import { AsrError } from '../base/errors.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { confidenceOf } from '../text/confidence.ts';
import { ctcTokenConfidence } from '../text/token-confidence.ts';
import { type Decoded, fromReadings } from './decoded.ts';
import type { CtcDecodingConfig } from './decoding-config.ts';
import { type Decoding, ctcDecodingOf } from './decoding.ts';
import type { Encoded } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { ModelSessions } from './sessions.ts';
import type { WordSearch } from './word-search.ts';

export type CtcOptions = { readonly decoding: Decoding | undefined; readonly keepAlignments: boolean };

export async function decodeCtc(
  sessions: ModelSessions,
  spec: ModelSpec,
  { tensor, lengths }: Encoded,
  options: CtcOptions,
): Promise<Decoded[]> {
  if (!spec.ctc) throw new AsrError('unsupported-option', `${spec.className} has no CTC head; use decoderType "rnnt".`);
  const classes = spec.ctc.vocabularySize + 1;
  const { config, ...search } = ctcDecodingOf(options.decoding);
  const { fusion } = search;
  const keepAlignments = options.keepAlignments || (config?.keepAlignments ?? false);
  const needsAll =
    keepAlignments ||
    (config !== undefined &&
      (!config.isGreedy || config.temperature !== 1 || config.confidence !== undefined || fusion.length > 0));
  const session = await sessions.get('ctc');
  const outputs = await session.run({ encoded: tensor }, needsAll ? ['ids', 'best', 'log_probs'] : ['ids', 'best']);
  const ids = await hostIds(outputs['ids'] as Tensor);
  const best = await hostValues(outputs['best'] as Tensor);
  const logProbs = needsAll ? await hostValues(outputs['log_probs'] as Tensor) : undefined;
  const stride = tensor.dims[1] as number;

  return lengths.map((length, clip) => {
    const from = clip * stride;
    const to = from + length;
    const chosen = { ids: ids.subarray(from, to), best: best.subarray(from, to) };
    if (!logProbs || !config) {
      const decoded = toDecoded(chosen, classes);
      return logProbs
        ? { ...decoded, alignments: alignmentsOf(logProbs.slice(from * classes, to * classes), chosen.ids) }
        : decoded;
    }
    const scores = tempered(logProbs.slice(from * classes, to * classes), classes, config.temperature);
    if (!config.isGreedy)
      return {
        ...fromReadings(searchReadings(scores, classes, { ...search, config }), {
          length,
          returnsAll: config.returnsAll,
        }),
        ...(keepAlignments ? { alignments: alignmentsOf(scores, chosen.ids) } : {}),
      };
    const ownChoice = fusion.length > 0 || config.temperature !== 1 ? chooseCtcFused(scores, classes, fusion) : chosen;
    return {
      ...toDecoded(ownChoice, classes),
      ...(keepAlignments ? { alignments: alignmentsOf(scores, ownChoice.ids) } : {}),
      ...confidences(scores, ownChoice.ids, classes, config),
    };
  });
}

type CtcSearch = Omit<ReturnType<typeof ctcDecodingOf>, 'config'> & { readonly config: CtcDecodingConfig };
type Choice = { readonly ids: Int32Array; readonly best: Float32Array };

function toDecoded({ ids, best }: Choice, classes: number): Decoded {
  const { emissions, score, nonBlankFrames } = decodeCtcGreedy(ids, best, classes - 1);
  return { emissions, score, length: ids.length, timestep: nonBlankFrames };
}

function alignmentsOf(logProbs: Float32Array, labels: Int32Array): NonNullable<Decoded['alignments']> {
  return { logProbs, labels: labels.slice(), numFrames: labels.length };
}

/** Readings by the strategy in force, best first. */
function searchReadings(scores: Float32Array, classes: number, decoding: CtcSearch): BeamReading[] {
  const { config, fusion, words, lexicon } = decoding;
  const {
    beam,
    fusion: { lmAlpha: alpha },
  } = config;
  if (words) return wordReadings(scores, config, words);
  if (lexicon)
    return decodeCtcLexicon(scores, {
      ...config.lexicon,
      ...lexicon,
      beamSize: beam.beamSize,
      alpha,
      wordScore: beam.beamBeta,
    });
  return decodeCtcBeam(scores, classes, { ...beam, fusion });
}

/** Words to tokens as the tokenizer spells them, spread over the frames of the word. */
function wordReadings(logProbs: Float32Array, config: CtcDecodingConfig, search: WordSearch): BeamReading[] {
  const { beam, fusion, words } = config;
  const readings = decodeCtcWords(logProbs, {
    ...words,
    ...search,
    beamSize: beam.beamSize,
    beta: beam.beamBeta,
    alpha: fusion.lmAlpha,
  });
  return readings.map((reading): BeamReading => {
    const ids = search.textToIds(reading.text);
    const frames = reading.words.flatMap(({ word, start, end }) => {
      const { length } = search.textToIds(word);
      return Array.from({ length }, (_, at) =>
        length === 1 ? start : start + Math.floor((at * (end - 1 - start)) / (length - 1)),
      );
    });
    const emissions = ids.map((token, index) => ({
      token,
      frame: frames[index] ?? frames.at(-1) ?? 0,
      duration: 1,
      logProb: 0,
    }));
    return { emissions, score: reading.score, timestep: emissions.map(({ frame }) => frame) };
  });
}

/** Confidence of frames and, when asked, tokens. */
function confidences(
  logProbs: Float32Array,
  ids: Int32Array,
  classes: number,
  { confidence }: CtcDecodingConfig,
): Partial<Decoded> {
  if (!confidence) return {};
  const frameConfidence = Array.from(ids, (_, frame) =>
    confidenceOf(logProbs.subarray(frame * classes, (frame + 1) * classes), classes, confidence.method),
  );
  return {
    frameConfidence,
    ...(confidence.token ? { tokenConfidence: ctcTokenConfidence(frameConfidence, ids, classes - 1, confidence) } : {}),
  };
}

/** Log-probabilities as the head gives them at another temperature, in place. */
function tempered(logProbs: Float32Array, classes: number, temperature: number): Float32Array {
  if (temperature === 1) return logProbs;
  for (let from = 0; from < logProbs.length; from += classes)
    logProbs.set(logSoftmax(logProbs, from, from + classes, temperature), from);
  return logProbs;
}

/** ArgMax gives int64; vocabularies fit into int32. */
export async function hostIds(tensor: Tensor): Promise<Int32Array> {
  const data = (tensor.location === 'cpu' ? tensor.data : await tensor.getData()) as BigInt64Array;
  return Int32Array.from(data, Number);
}
