/** Encoders of every family against NeMo's own numbers, clip by clip and as a padded batch. */
import { expect, test } from 'vitest';
import { EncoderSession } from '../../e2e/support/encoder-session.ts';
import { type Golden, TOLERANCE, maxDifference, oddCases, openGolden } from '../../e2e/support/golden.ts';
import type { NpyArray } from '../../e2e/support/npz.ts';
import { type AttentionChange, withAttentionModel } from './attention-switch.ts';
import type { ConformerSpec } from './conformer-spec.ts';

const CASES = [
  'quartznet-ctc-char',
  'jasper-ctc',
  'citrinet-ctc-bpe',
  'contextnet-rnnt-bpe',
  'marblenet-frame-vad',
  'marblenet-classification',
  'conformer-ctc-char',
  'conformer-rnnt-bpe',
  'fastconformer-ctc-bpe',
  'squeezeformer-ctc-bpe',
  ...oddCases('odd-squeezeformer'),
];

/** Archives of `*-variants`, by the names in expected.json. */
const CONV_VARIANTS = [
  'no-mask',
  'groups-heads',
  'residual-max',
  'stride-every-repeat',
  'future-context',
  'se-context',
  'layer-norm-gelu',
  'group-norm-selu',
  'instance-norm-hardtanh',
];

test.each(CASES)("the encoder of %s gives NeMo's frames for single clips and for a batch", async (name) => {
  const golden = openGolden(name);
  const clips = golden.inputs.map((_, input) => golden.features(input));
  const lengths = clips.map((_, input) => golden.featuresLength(input));

  const single = await EncoderSession.open(golden.archive(), { masked: false });
  for (const [input, features] of clips.entries()) {
    const [encoded] = await single.encode({ ...features, shape: [1, ...features.shape] }, [lengths[input]!]);
    expectClose(encoded!, golden.array(`single.${input}.encoded`), golden.encodedLength(input));
  }
  const batched = await EncoderSession.open(golden.archive(), { masked: true });
  const encoded = await batched.encode(padded(clips), lengths);
  encoded.forEach((clip, input) =>
    expectClose(clip, clipOf(golden, 'batch.encoded', input), golden.json.stages!.batch.encoded_length[input]!),
  );
});

type Change = { readonly archive: string; readonly key: string; readonly change?: AttentionChange };

/** fastconformer-local-attn: archives as they are, and changed while loaded. `window` is the fixture's context. */
const LOCAL: readonly Change[] = [
  { archive: 'model.nemo', key: '' },
  { archive: 'separate.nemo', key: 'separate.' },
  { archive: 'global.nemo', key: 'global.' },
  { archive: 'global.nemo', key: 'changed_to_local.', change: { selfAttentionModel: 'rel_pos_local_attn' } },
  {
    archive: 'global.nemo',
    key: 'changed_to_local_128.',
    change: { selfAttentionModel: 'rel_pos_local_attn', attContextSize: [128, 128] },
  },
  { archive: 'global.nemo', key: 'changed_back.', change: { selfAttentionModel: 'rel_pos', attContextSize: [-1, -1] } },
];

test.each(LOCAL)("local attention of $archive gives NeMo's frames for $key", async ({ archive, key, change }) => {
  const golden = openGolden('fastconformer-local-attn');
  const clips = golden.inputs.map((_, input) => golden.features(input));
  const lengths = clips.map((_, input) => golden.featuresLength(input));
  const window = golden.json['window'] as number[];
  const session = await EncoderSession.open(golden.archive(archive), { masked: true });
  const spec = change
    ? withAttentionModel(session.spec as ConformerSpec, { attContextSize: window, ...change })
    : session.spec;

  for (const [input, features] of clips.entries()) {
    const [encoded] = await session.encode({ ...features, shape: [1, ...features.shape] }, [lengths[input]!], spec);
    expectClose(encoded!, golden.array(`${key}single.${input}.encoded`), golden.encodedLength(input));
  }
  // With several global tokens NeMo mixes the clips of a batch; here every clip stays what it is alone.
  const batchName = key === 'separate.' ? undefined : `${key}batch.encoded`;
  const encoded = await session.encode(padded(clips), lengths, spec);
  encoded.forEach((clip, input) =>
    expectClose(
      clip,
      batchName ? clipOf(golden, batchName, input) : golden.array(`${key}single.${input}.encoded`),
      golden.encodedLength(input),
    ),
  );
});

const CONFORMER_VARIANTS = [
  'striding-x2',
  'stacking',
  'stacking-norm',
  'no-subsampling',
  'abs-pos',
  'no-bias-tied',
  'group-norm',
  'instance-norm',
  'layer-norm-causal-conv',
  'conv-context',
  'reduction-pooling',
  'reduction-striding-end',
  'feat-out',
  'regular-limited',
  'regular-left-only',
  'chunked-limited',
  'chunked-limited-unlimited-left',
  'chunked-with-right-context',
  'dynamic-chunk-convolution',
  'causal-downsampling-striding',
];

/** A seed may draw sizes that NeMo refuses for an option. */
const made = (caseName: string, names: readonly string[]): string[] => {
  const variants = openGolden(caseName).json['variants'] as Record<string, object>;
  return names.filter((name) => !('raises' in variants[name]!));
};

test.each(made('conformer-variants', CONFORMER_VARIANTS))("the Conformer with %s gives NeMo's frames", (name) =>
  expectVariant('conformer-variants', name),
);

test.each(made('conv-variants', CONV_VARIANTS))("the convolutional encoder with %s gives NeMo's frames", (name) =>
  expectVariant('conv-variants', name),
);

type Variant = { readonly encoded_length: readonly number[]; readonly features_length: readonly number[] };

async function expectVariant(caseName: string, name: string): Promise<void> {
  const golden = openGolden(caseName);
  const variant = (golden.json['variants'] as Record<string, Variant>)[name]!;
  const features = golden.array('features');
  const [, mels = 0, columns = 0] = features.shape;
  const archive = golden.archive(`${name}.nemo`);

  const single = await EncoderSession.open(archive, { masked: false });
  const alone = { shape: [1, mels, columns], data: features.data.subarray(0, mels * columns) };
  const [encoded] = await single.encode(alone, [variant.features_length[0]!]);
  expectClose(encoded!, golden.array(`${name}.single.encoded`), variant.encoded_length[0]!);

  const batched = await EncoderSession.open(archive, { masked: true });
  const both = await batched.encode(features, variant.features_length);
  both.forEach((clip, index) =>
    expectClose(clip, clipOf(golden, `${name}.batch.encoded`, index), variant.encoded_length[index]!),
  );
}

/** Without `conv_mask` NeMo's length may exceed its tensor; no more than the tensor is decoded. */
function expectClose(actual: NpyArray<Float32Array>, expected: NpyArray<Float32Array>, encodedLength: number): void {
  const length = Math.min(encodedLength, expected.shape[1]!);
  expect(actual.shape).toEqual([expected.shape[0], length]);
  expect(maxDifference(actual, expected, length)).toBeLessThan(TOLERANCE.encoded);
}

function clipOf(golden: Golden, name: string, clip: number): NpyArray<Float32Array> {
  const { shape, data } = golden.array(name);
  const [, rows = 0, columns = 0] = shape;
  return { shape: [rows, columns], data: data.subarray(clip * rows * columns, (clip + 1) * rows * columns) };
}

function padded(clips: readonly NpyArray<Float32Array>[]): NpyArray<Float32Array> {
  const columns = Math.max(...clips.map(({ shape }) => shape[1]!));
  const rows = clips[0]!.shape[0]!;
  const data = new Float32Array(clips.length * rows * columns);
  clips.forEach((clip, index) => {
    const width = clip.shape[1]!;
    for (let row = 0; row < rows; row++)
      data.set(clip.data.subarray(row * width, (row + 1) * width), (index * rows + row) * columns);
  });
  return { shape: [clips.length, rows, columns], data };
}
