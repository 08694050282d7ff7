/**
 * How an attention decoder searches: NeMo's `MultiTaskDecodingConfig`.
 *
 * NeMo's decoder reads `beam.length_penalty`, while its config class and every published file spell the key `len_pen`, so there `len_pen` changes
 * nothing. We do the same: numbers equal NeMo's for the same config, and `length_penalty` is the one that works.
 */
import * as v from 'valibot';
import { parseConfig } from './config.ts';

export type AedDecodingSpec = {
  readonly strategy: 'greedy' | 'beam';
  readonly beamSize: number;
  /** Exponent of ((5 + length) / 6), by which a beam's score is divided. */
  readonly lengthPenalty: number;
  /** Tokens (prompt included) an answer may have more than the encoder has frames; negative: as many as the decoder has positions. */
  readonly maxGenerationDelta: number;
  /** False: all beams are returned, in `nBest`. */
  readonly returnBestHypothesis: boolean;
};

const delta = v.nullish(v.pipe(v.number(), v.integer()), -1);

const schema = v.object({
  strategy: v.nullish(v.picklist(['greedy', 'greedy_batch', 'beam']), 'beam'),
  greedy: v.nullish(
    v.object({ max_generation_delta: delta, temperature: v.nullish(v.null_()), n_samples: v.nullish(v.literal(1)) }),
    {},
  ),
  beam: v.nullish(
    v.object({
      beam_size: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)), 1),
      length_penalty: v.nullish(v.pipe(v.number(), v.finite()), 0),
      max_generation_delta: delta,
      return_best_hypothesis: v.nullish(v.boolean(), true),
      ngram_lm_model: v.nullish(v.null_()),
    }),
    {},
  ),
});

/** Reads a `decoding` section in NeMo's spelling; what it leaves out has NeMo's defaults, as `change_decoding_strategy` fills them in. */
export function readAedDecoding(section: unknown): AedDecodingSpec {
  const { strategy, greedy, beam } = parseConfig(schema, section ?? {}, 'decoding');
  const isBeam = strategy === 'beam';
  return {
    strategy: isBeam ? 'beam' : 'greedy',
    beamSize: isBeam ? beam.beam_size : 1,
    lengthPenalty: isBeam ? beam.length_penalty : 0,
    maxGenerationDelta: isBeam ? beam.max_generation_delta : greedy.max_generation_delta,
    returnBestHypothesis: !isBeam || beam.return_best_hypothesis,
  };
}
