/** Every key that NeMo's dataclasses declare is known: honoured, harmless here, or refused by name with any value but the one that changes nothing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AED_FIELDS, CTC_FIELDS, type Fields, TRANSDUCER_FIELDS, isField } from './decoding-fields.ts';
import { readCtcDecoding, readTransducerDecoding } from './decoding-config.ts';
import { readAedDecoding } from './aed-decoding-config.ts';

const KEYS: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('../../e2e/fixtures/decoding-keys.json', import.meta.url), 'utf8'),
);
const HEADS: Record<string, { readonly fields: Fields; readonly read: (config: object) => unknown }> = {
  ctc: { fields: CTC_FIELDS, read: readCtcDecoding },
  transducer: { fields: TRANSDUCER_FIELDS, read: (config) => readTransducerDecoding(config, RNNT) },
  aed: { fields: AED_FIELDS, read: readAedDecoding },
};
const RNNT = {
  kind: 'rnnt',
  vocabularySize: 64,
  numExtraOutputs: 0,
  durations: [],
  bigBlankDurations: [],
  predictor: { kind: 'lstm', hiddenSize: 8, numLayers: 1, blankAsPad: true, cellSize: 8, norm: 'none' },
  joint: { hiddenSize: 8, activation: 'relu', isHat: false },
} as const;

/** Changes nothing here: how NeMo schedules its work, names that it declares and never reads, what the checkpoint itself says. */
const HARMLESS = [
  /allow_cuda_graphs$|use_cuda_graph_decoder$|use_triton$|loop_labels$|fused_batch_size$|batch_dim_index$/u,
  /search_type$|nsc_|tsd_max_sym_exp_per_step$|beam\.max_symbols_per_step$|len_pen$|method_cfg\.temperature$/u,
  /^model_type$|^durations$|^big_blank_durations$|compute_hypothesis_token_set$|tdt_include_token_duration$/u,
  /^wfst|num_of_transcriptions$|bpe_alpha$|return_xattn|^compute_langs$|^temperature$/u,
];
/** Refused unless they are off; every value that would do something. */
const REFUSED: Record<string, unknown> = {
  'boosting_tree.use_bpe_dropout': true,
  'beam.language_model': { path: 'lm' },
  return_xattn_scores: true,
  'greedy.n_samples': 65,
};

for (const [head, { fields, read }] of Object.entries(HEADS)) {
  test(`${head}: no key of NeMo's is unknown`, () => {
    const unknown = (KEYS[head] as string[]).filter((key) => lookUp(fields, key) === undefined);
    expect(unknown.filter((key) => !HARMLESS.some((pattern) => pattern.test(key)))).toEqual([]);
  });

  test(`${head}: what cannot be honoured is refused by its name`, () => {
    for (const [key, value] of Object.entries(REFUSED)) {
      for (const section of ['', 'greedy.', 'beam.']) {
        const field = lookUp(fields, section + key);
        if (!field || !isField(field)) continue;
        const change = () => read(nested((section + key).split('.'), value));
        expect(change, section + key).toThrow(key.split('.').at(-1));
      }
    }
  });
}

function lookUp(fields: Fields, key: string): Fields[string] | undefined {
  let at: Fields[string] | undefined = fields;
  for (const part of key.split('.')) {
    if (!at || isField(at)) return at;
    at = at[part];
  }
  return at;
}

function nested([key, ...rest]: readonly string[], value: unknown): object {
  return { [key as string]: rest.length > 0 ? nested(rest, value) : value };
}
