/** Heads against NeMo's own numbers: transducers of every kind, prompts, classification. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EncoderSession } from '../../e2e/support/encoder-session.ts';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { GraphSession, openCheckpoint } from '../../e2e/support/graph-session.ts';
import { readNpz } from '../../e2e/support/npz.ts';
import { openNetwork, timeFirst } from '../../e2e/support/transducer-network.ts';
import { readWeights } from '../archive/read-weights.ts';
import { decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import { buildClassificationHead } from './classification-head.ts';
import { paddingColumns, readClassifierSpec } from './classifier-spec.ts';
import { buildCtcHead } from './ctc-head.ts';
import { seesPadding } from './encoder.ts';
import { buildLanguagePrompt, oneHotLanguages, readLanguagePrompt } from './language-prompt.ts';
import { blankClass, readTransducerSpec } from './transducer-spec.ts';
import { buildJoint } from './transducer.ts';
import { WeightReader } from './weight-reader.ts';

const TRANSDUCERS = [
  'fastconformer-rnnt-bpe',
  'fastconformer-tdt-bpe',
  'stateless-rnnt-bpe',
  'multiblank-rnnt-bpe',
  'contextnet-rnnt-bpe',
  'prompt-rnnt-streaming',
];

test.each(TRANSDUCERS)("%s takes NeMo's decisions with NeMo's logits", async (name) => {
  const golden = openGolden(name);
  const { config, weights } = await openCheckpoint(golden.archive());
  const spec = readTransducerSpec(config);
  for (let input = 0; input < golden.inputs.length; input++) {
    const encoded = timeFirst(golden.encoded(input), golden.encodedLength(input));
    const network = await openNetwork(weights, spec, encoded);
    const [decoded] = await decodeTransducerGreedy(network, [golden.encodedLength(input)], {
      blank: blankClass(spec),
      durations: spec.durations,
      bigBlankDurations: spec.bigBlankDurations,
      maxSymbols: 10,
      keepSteps: true,
    });
    const decisions = golden.json.stages!.single[input]!.decisions!;
    // NeMo's log has a duration for TDT only.
    expect(
      decoded!.steps.map(({ frame, token, duration }) => [frame, token, spec.kind === 'tdt' ? duration : 0]),
    ).toEqual(decisions);
    expectClose(
      decoded!.steps.flatMap(({ logits }) => [...logits]),
      golden.array(`single.${input}.joint_logits`).data,
      TOLERANCE.logits,
    );
  }
});

test("a hybrid autoregressive joint gives NeMo's log-probabilities", async () => {
  const folder = new URL('../../e2e/fixtures/heads/', import.meta.url);
  const weights = new WeightReader(await readWeights(new Blob([readFileSync(new URL('hat.ckpt', folder))])));
  const arrays = readNpz(new URL('hat.npz', folder));
  const floats = (name: string) => ({ data: arrays.get(name)!.data as Float32Array, dims: arrays.get(name)!.shape });
  const spec = readTransducerSpec({
    decoder: { _target_: 'RNNTDecoder', vocab_size: 20, prednet: { pred_hidden: 8, pred_rnn_layers: 1 } },
    joint: { _target_: 'HATJoint', num_classes: 20, jointnet: { joint_hidden: 12, activation: 'relu' } },
  });
  const joint = await GraphSession.create(buildJoint(weights, spec));
  const { logits } = await joint.run({ projected: floats('projected'), predicted: floats('predicted') });
  expectClose(logits!.data, floats('logits').data, 1e-5);
});

test('the language prompt turns encoder frames into those NeMo gives the heads', async () => {
  const golden = openGolden('prompt-hybrid-rnnt-ctc');
  const { config, weights } = await openCheckpoint(golden.archive());
  const spec = readLanguagePrompt(config)!;
  const encoder = await EncoderSession.open(golden.archive(), { masked: false });
  const size = encoder.spec.outputSize;
  const prompt = await GraphSession.create(buildLanguagePrompt(weights, spec, size));
  const head = await GraphSession.create(
    buildCtcHead(weights, { prefix: 'ctc_decoder', vocabularySize: golden.logProbs(0).shape[1]! - 1 }, size),
  );

  for (let input = 0; input < golden.inputs.length; input++) {
    const features = golden.features(input);
    const [frames] = await encoder.encode({ ...features, shape: [1, ...features.shape] }, [
      golden.featuresLength(input),
    ]);
    const encoded = timeFirst(frames!, golden.encodedLength(input));
    const language = { data: oneHotLanguages(spec, [spec.languages['auto']!]), dims: [1, spec.numPrompts] };
    const { prompted } = await prompt.run({ encoded, language });
    expectClose(prompted!.data, timeFirst(golden.encoded(input), golden.encodedLength(input)).data, TOLERANCE.encoded);
    const { log_probs } = await head.run({ encoded: prompted! }, ['log_probs']);
    expectClose(log_probs!.data, golden.logProbs(input).data.subarray(0, log_probs!.data.length), TOLERANCE.logits);
  }
});

test("a clip classifier gives NeMo's logits, which pool over the padding column", async () => {
  const golden = openGolden('marblenet-classification');
  const { config, weights } = await openCheckpoint(golden.archive());
  const spec = readClassifierSpec(config);
  expect(spec.classification.labels).toEqual(golden.json['labels']);
  expect(seesPadding(spec.encoder)).toBe(true);
  const encoder = await EncoderSession.open(golden.archive(), { masked: false, change: () => spec.encoder });
  const head = await GraphSession.create(
    buildClassificationHead(weights, spec.classification, spec.encoder.outputSize),
  );
  for (let input = 0; input < golden.inputs.length; input++) {
    const features = golden.features(input);
    const length = golden.featuresLength(input);
    const columns = length + paddingColumns(spec.frontEnd, golden.inputs[input]!.samples.length);
    const encoded = await encoder.encodeColumns({ ...features, shape: [1, ...features.shape] }, [length], columns);
    const { scores } = await head.run({ encoded });
    expectClose(scores!.data, golden.array(`single.${input}.logits`).data, TOLERANCE.logits);
  }
});

test("a frame classifier gives NeMo's logits for every frame", async () => {
  const golden = openGolden('marblenet-frame-vad');
  const { config, weights } = await openCheckpoint(golden.archive());
  const { classification: spec } = readClassifierSpec(config);
  for (let input = 0; input < golden.inputs.length; input++) {
    const encoded = timeFirst(golden.encoded(input), golden.encodedLength(input));
    const head = await GraphSession.create(buildClassificationHead(weights, spec, encoded.dims[2]!));
    const { scores } = await head.run({ encoded });
    expectClose(
      scores!.data,
      golden.array(`single.${input}.logits`).data.subarray(0, scores!.data.length),
      TOLERANCE.logits,
    );
  }
});

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let at = 0; at < actual.length; at++) worst = Math.max(worst, Math.abs(actual[at]! - expected[at]!));
  expect(worst).toBeLessThan(tolerance);
}
