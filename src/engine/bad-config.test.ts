/** Checkpoints whose parts do not fit or are unknown: every message names the key, its value and what is supported. */
import { expect, test, vi } from 'vitest';
import { changedArchive } from '../../e2e/support/changed-archive.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import { openArchive } from '../archive/open-archive.ts';
import { readWeights } from '../archive/read-weights.ts';
import { Session } from '../runtime/session.ts';
import { loadModel } from './load.ts';

const load = (file: Blob) => loadModel({ kind: 'file', file, name: 'some.nemo' }, { device: 'wasm', cache: false });
const replace = (from: string | RegExp, to: string) => (yaml: string) => {
  const changed = yaml.replace(from, to);
  if (changed === yaml) throw new Error(`the configuration has no ${from}`);
  return changed;
};

type BadConfig = readonly [what: string, golden: string, change: (yaml: string) => string, message: RegExp];

const UNSUPPORTED: readonly BadConfig[] = [
  [
    'a class of another domain',
    'quartznet-ctc-char',
    replace(/^target: .*$/m, 'target: nemo.collections.asr.models.label_models.EncDecSpeakerLabelModel'),
    /class \(target\) is EncDecSpeakerLabelModel; supported are EncDecCTCModel, /,
  ],
  [
    'no class, and parts of none',
    'quartznet-ctc-char',
    (yaml) => replace(/^target: .*$/m, '')(replace('ConvASRDecoder', 'SpeakerDecoder')(yaml)),
    /class \(target\) is missing; supported are/,
  ],
  [
    'another front end',
    'quartznet-ctc-char',
    replace('AudioToMelSpectrogramPreprocessor', 'AudioToMFCCPreprocessor'),
    /preprocessor\._target_ is AudioToMFCCPreprocessor; supported is AudioToMelSpectrogramPreprocessor/,
  ],
  [
    'another encoder',
    'fastconformer-ctc-bpe',
    replace('modules.ConformerEncoder', 'modules.RNNEncoder'),
    /encoder\._target_ is RNNEncoder; supported are ConformerEncoder/,
  ],
  [
    'another CTC head',
    'fastconformer-ctc-bpe',
    replace('modules.ConvASRDecoder', 'modules.LSTMDecoder'),
    /decoder\._target_ is LSTMDecoder; supported is ConvASRDecoder/,
  ],
  [
    'another predictor',
    'fastconformer-rnnt-bpe',
    replace('modules.RNNTDecoder', 'modules.CausalTransformerDecoder'),
    /decoder\._target_ is CausalTransformerDecoder; supported is RNNTDecoder and StatelessTransducerDecoder/,
  ],
  [
    'another joint',
    'fastconformer-rnnt-bpe',
    replace('modules.RNNTJoint', 'modules.ProductJoint'),
    /joint\._target_ is ProductJoint; supported is RNNTJoint, SampledRNNTJoint and HATJoint/,
  ],
  [
    'an unknown activation of the joint',
    'fastconformer-rnnt-bpe',
    replace('activation: relu', 'activation: gelu'),
    /joint\.jointnet\.activation is "gelu"; supported is .*"relu".*"tanh"/,
  ],
  [
    'an unknown norm of the predictor',
    'fastconformer-rnnt-bpe',
    replace('normalization_mode: null', 'normalization_mode: group'),
    /decoder\.normalization_mode is "group"; supported is .*"batch".*"layer"/,
  ],
  [
    'an unknown window',
    'fastconformer-ctc-bpe',
    replace('window: hann', 'window: kaiser'),
    /preprocessor\.window is "kaiser"; supported is .*"hann"/,
  ],
  [
    'a number that is a word',
    'fastconformer-ctc-bpe',
    replace(/n_layers: \d+/, 'n_layers: many'),
    /encoder\.n_layers is "many"; supported is number/,
  ],
  [
    'an unknown tokenizer',
    'fastconformer-ctc-bpe',
    replace('type: bpe', 'type: tiktoken'),
    /tokenizer\.type is tiktoken; supported are bpe, wpe and agg/,
  ],
  [
    'an unknown prompt format',
    'canary2-aed',
    replace('prompt_format: canary2', 'prompt_format: llama3'),
    /prompt_format is llama3; supported are canary, canary2/,
  ],
  [
    'another attention decoder',
    'canary2-aed',
    replace('get_nemo_transformer', 'get_huggingface_transformer'),
    /transf_decoder\._target_ is get_huggingface_transformer; supported is get_nemo_transformer/,
  ],
  [
    'an unknown pooling',
    'marblenet-classification',
    replace('pooling_type: avg', 'pooling_type: attention'),
    /decoder\.pooling_type is "attention"; supported is .*"avg".*"max"/,
  ],
];

test.each(UNSUPPORTED)('%s', async (_, name, config, message) => {
  const archive = await changedArchive(openGolden(name).archive(), { config });
  await expect(load(archive)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(message),
  });
});

test('a tokenizer that is missing, or whose section is, is named', async () => {
  const { archive } = openGolden('fastconformer-ctc-bpe');
  const without = await changedArchive(archive(), {
    members: (files) => {
      for (const name of [...files.keys()]) if (name.endsWith('tokenizer.model')) files.delete(name);
    },
  });
  await expect(load(without)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringMatching(/tokenizer file .*tokenizer\.model is missing/),
  });
  const nameless = await changedArchive(openGolden('fastconformer-rnnt-bpe').archive(), {
    config: (yaml) => yaml.replace(/^( *)(tokenizer|vocabulary|labels):/gm, '$1$2_gone:'),
  });
  await expect(load(nameless)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringContaining('neither a tokenizer nor joint.vocabulary'),
  });
});

test.each([
  ['fastconformer-ctc-bpe', 'conformer-ctc-bpe', 'decoder.num_classes'],
  ['fastconformer-rnnt-bpe', 'conformer-ctc-bpe', 'joint.num_classes'],
  ['hybrid-tdt-ctc', 'fastconformer-ctc-bpe', 'aux_ctc.decoder.num_classes'],
])('%s with the tokenizer of %s names %s and both sizes', async (name, stranger, key) => {
  const other = await openArchive(openGolden(stranger).archive());
  const [, tokenizer] = [...other].find(([member]) => member.endsWith('tokenizer.model'))!;
  const archive = await changedArchive(openGolden(name).archive(), {
    members: (files) => {
      for (const member of [...files.keys()]) if (member.endsWith('tokenizer.model')) files.set(member, tokenizer);
    },
  });
  const [created, ended] = [vi.spyOn(Session, 'create'), vi.spyOn(Session.prototype, Symbol.asyncDispose)];
  await expect(load(archive)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringMatching(
      new RegExp(`tokenizer \\(.*tokenizer\\.model\\) has \\d+ pieces, .* ${key.replaceAll('.', '\\.')} is \\d+`),
    ),
  });
  expect(created.mock.calls.length).toBeGreaterThan(1);
  expect(ended).toHaveBeenCalledTimes(created.mock.calls.length); // nothing of it stays in memory
  vi.restoreAllMocks();
});

test('the weights of another architecture name a tensor that is missing', async () => {
  const other = await openArchive(openGolden('quartznet-ctc-char').archive());
  const foreign = await readWeights(other.get('model_weights.ckpt')!);
  const archive = await changedArchive(openGolden('fastconformer-ctc-bpe').archive(), {
    weights: (weights) => {
      weights.clear();
      for (const [tensor, ref] of foreign) weights.set(tensor, ref);
    },
  });
  await expect(load(archive)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringMatching(/Tensor encoder\..* is missing: the weights do not belong to this configuration/),
  });
});

test('a front end that gives other features than the encoder takes names both numbers', async () => {
  const archive = await changedArchive(openGolden('quartznet-ctc-char').archive(), {
    config: replace('features: 64', 'features: 80'),
  });
  await expect(load(archive)).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
    message: expect.stringMatching(/encoder\.feat_in is 64, but its preprocessor gives 80 features/),
  });
});
