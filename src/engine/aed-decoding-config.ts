/**
 * NeMo's `MultiTaskDecodingConfig`: how an attention decoder searches.
 *
 * NeMo's decoder reads `beam.length_penalty`, while its config class and every published file spell the key `len_pen`, so there `len_pen` changes
 * nothing. We do the same: numbers equal NeMo's for the same config, and `length_penalty` is the one that works.
 */
import { AED_FIELDS } from './decoding-fields.ts';
import {
  type CommonConfig,
  type FusionConfig,
  type Tree,
  mergeFields,
  readConfidence,
  readFusion,
  refused,
} from './decoding-sections.ts';

/** The checked config. */
export type AedDecodingConfig = CommonConfig & {
  readonly head: 'aed';
  readonly strategy: 'greedy' | 'beam';
  readonly beamSize: number;
  /** Greedy: tokens are drawn at this temperature instead (NeMo `greedy.temperature`). */
  readonly samplingTemperature: number | undefined;
  /** Answers that are drawn at it (NeMo `greedy.n_samples`). */
  readonly numSamples: number;
  /** Exponent of ((5 + length) / 6), by which a beam's score is divided. */
  readonly lengthPenalty: number;
  /** Tokens (prompt included) an answer may have more than the encoder has frames; negative: as many as the decoder has positions. */
  readonly maxGenerationDelta: number;
};

const NO_FUSION: FusionConfig = { lm: null, lmAlpha: 0, boosting: undefined, boostingAlpha: 0 };

/** @throws AsrError `unsupported-option` naming the key, for what NeMo refuses and for what it would silently ignore */
export function readAedDecoding(config: unknown): AedDecodingConfig {
  const tree = mergeFields(config, AED_FIELDS, 'decoding');
  const strategy = tree['strategy'] as string;
  const known = ['greedy', 'greedy_batch', 'beam'];
  if (!known.includes(strategy)) throw refused('strategy', strategy, `one of ${known.join(', ')}`);
  const isGreedy = strategy !== 'beam';
  const section = tree[isGreedy ? 'greedy' : 'beam'] as Tree;
  const confidence = readConfidence(tree, isGreedy);
  if (confidence && !isGreedy)
    throw refused('confidence_cfg', 'set', 'left out with beams: confidence is measured by greedy strategies only');
  const numSamples = isGreedy ? (section['n_samples'] as number) : 1;
  if (numSamples > 1 && section['temperature'] === null)
    throw refused('greedy.n_samples', numSamples, '1, unless greedy.temperature says how answers are drawn');
  if (numSamples > 1 && confidence)
    throw refused('confidence_cfg', 'set', 'left out with greedy.n_samples: of several answers none is measured');
  return {
    head: 'aed',
    strategy: isGreedy ? 'greedy' : 'beam',
    isGreedy,
    beamSize: isGreedy ? 1 : (section['beam_size'] as number),
    samplingTemperature: isGreedy ? ((section['temperature'] as number | null) ?? undefined) : undefined,
    numSamples,
    lengthPenalty: isGreedy ? 0 : (section['length_penalty'] as number),
    maxGenerationDelta: section['max_generation_delta'] as number,
    temperature: 1,
    keepAlignments: false,
    computeTimestamps: false,
    timestampType: 'all',
    wordSeparator: ' ',
    segmentSeparators: ['.', '!', '?'],
    segmentGapThreshold: undefined,
    confidence,
    fusion: isGreedy ? NO_FUSION : readFusion(section),
    returnsAll: isGreedy ? numSamples > 1 : section['return_best_hypothesis'] === false,
  };
}
