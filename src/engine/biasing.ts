/**
 * Boosted phrases of single recordings (NeMo `enable_per_stream_biasing`): requests checked, and made into fusion models.
 *
 * A recording without a request decodes as if nobody had one.
 */
import { AsrError } from '../base/errors.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { BIASING_FIELDS } from './decoding-fields.ts';
import { type Tree, mergeFields, readBoosting } from './decoding-sections.ts';
import { transducerDecodingOf } from './decoding.ts';
import type { RunningModel } from './running-model.ts';
import { loadPhrases } from './fusion-files.ts';
import type { BiasingRequest } from './options.ts';

type Requests = readonly (BiasingRequest | null | undefined)[];

/**
 * The model of every request; undefined where there is none, or nothing in it.
 *
 * @throws AsrError `unsupported-option` for a decoder that takes none and for a request that NeMo would not read; `download-failed`
 */
export async function loadBiasing(model: RunningModel, requests: Requests): Promise<(WeightedFusion | undefined)[]> {
  if (!requests.some((request) => request)) return requests.map(() => undefined);
  checkDecoder(model);
  return Promise.all(requests.map((request) => (request ? load(model, request) : undefined)));
}

function checkDecoder({ decoder, decoding, parts: { spec } }: RunningModel): void {
  if (decoder !== 'transducer')
    throw new AsrError(
      'unsupported-option',
      `A biasingRequest needs a transducer; ${spec.className} decodes otherwise.`,
    );
  if (!transducerDecodingOf(decoding).config?.takesBiasing)
    throw new AsrError(
      'unsupported-option',
      'A biasingRequest needs greedy.enable_per_stream_biasing: call changeDecodingStrategy with strategy greedy_batch and that set to true.',
    );
}

async function load(
  { parts: { tokenizer } }: RunningModel,
  request: BiasingRequest,
): Promise<WeightedFusion | undefined> {
  const tree = mergeFields(request, BIASING_FIELDS, 'biasingRequest');
  const boosting = readBoosting(tree['boosting_model_cfg'] as Tree);
  if (boosting) {
    const alpha = tree['boosting_model_alpha'] as number;
    return { model: await loadPhrases(boosting, tokenizer), alpha, scoresEnd: false };
  }
  if (tree['cache_key'] !== null)
    throw new AsrError(
      'unsupported-option',
      `biasingRequest.cache_key is ${tree['cache_key']}, but there are no phrases; nothing is remembered from an earlier request.`,
    );
  return undefined;
}
