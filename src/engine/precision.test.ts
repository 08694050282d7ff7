/** Small weights, family by family: how far the encoder is from NeMo's float32, and that the text stays (WASM, Node). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Golden, openGolden } from '../../e2e/support/golden.ts';
import { LoadedModel } from './asr-model.ts';
import { openCheckpoint } from './convert.ts';
import { describeCheckpoint } from './describe.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';
import { LoadedClassifier } from './loaded-classifier.ts';
import type { LoadOptions, Precision } from './options.ts';
import { MAX_FP32_BYTES, choosePrecision, planPrecision } from './precision.ts';

/** Root mean square of the encoder's error, as a part of that of its values. Tiny matrices are the worst case: errors of long rows cancel. */
const ENCODER_ERROR = { fp16: 1e-3, int8: 0.03, int4: 0.2 } as const;

/** NeMo 2.7.3 has no timestamps for Squeezeformer; Canary's texts go by prompt. */
const TEXT_KEY: Readonly<Record<string, string>> = { 'squeezeformer-ctc-bpe': 'greedy', 'canary-aed': 'beam1.en_pnc' };

const FAMILIES = [
  'fastconformer-ctc-bpe',
  'fastconformer-rnnt-bpe',
  'fastconformer-tdt-bpe',
  'fastconformer-streaming-hybrid',
  'fastconformer-local-attn',
  'conformer-ctc-char',
  'conformer-rnnt-bpe',
  'squeezeformer-ctc-bpe',
  'quartznet-ctc-char',
  'jasper-ctc',
  'citrinet-ctc-bpe',
  'contextnet-rnnt-bpe',
  'stateless-rnnt-bpe',
  'canary-aed',
];

const load = (golden: Golden, options: LoadOptions) =>
  loadModel(
    { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` },
    { device: 'wasm', cache: false, ...options },
  );

async function openRecognizer(golden: Golden, precision: Precision): Promise<LoadedModel> {
  const model = await load(golden, { precision });
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

describe.each(FAMILIES)('%s', (name) => {
  const golden = openGolden(name);
  const files = golden.inputs.map((input) => input.file);

  test.each(['fp16', 'int8', 'int4'] as const)(
    "at %s: the encoder is close to NeMo's, the text equal",
    async (precision) => {
      const model = await openRecognizer(golden, precision);
      try {
        expect(model.report).toMatchObject({ precision, arithmetic: precision === 'int8' ? 'int8' : 'fp32' });
        expect(await encoderError(model, golden)).toBeLessThan(ENCODER_ERROR[precision]);
        const expected = golden.transcripts(TEXT_KEY[name] ?? 'timestamps');
        const results = await model.transcribe(files);
        expect(results.map(({ hypothesis }) => hypothesis.text)).toEqual(expected.single.map(({ text }) => text));
        const [alone] = await model.transcribe(files.slice(0, 1));
        expect(alone?.hypothesis.ySequence).toEqual(results[0]?.hypothesis.ySequence);
      } finally {
        await model.dispose();
      }
    },
  );
});

/** Mean absolute difference of the probabilities; the frame detector is hardly trained, so its labels hang by a thread. */
const SCORE_ERROR = { fp16: 1e-3, int8: 0.02, int4: 0.1 } as const;

test.each(['marblenet-classification', 'marblenet-frame-vad'])(
  '%s gives close probabilities at every precision',
  async (name) => {
    const golden = openGolden(name);
    const scores = async (precision: Precision) => {
      const model = await load(golden, { precision });
      if (!(model instanceof LoadedClassifier)) throw new Error('not a classifier');
      const results = await model.transcribe(golden.inputs.map((input) => input.file));
      await model.dispose();
      return results.flatMap(({ hypothesis }) => [
        ...(hypothesis.frameScores?.values ?? hypothesis.labels?.map(({ score }) => score) ?? []),
      ]);
    };
    const expected = await scores('fp32');
    for (const precision of ['fp16', 'int8', 'int4'] as const) {
      const ours = await scores(precision);
      const difference = ours.reduce((sum, score, at) => sum + Math.abs(score - expected[at]!), 0) / expected.length;
      expect(difference).toBeLessThan(SCORE_ERROR[precision]);
    }
  },
);

test('the built-in checkpoint is half as large at fp16, a quarter at int8, a sixth at int4', async () => {
  const file = new Blob([readFileSync(new URL('../../public/checkpoints/sotto-tiny-en.nemo', import.meta.url))]);
  const { memory } = await describeCheckpoint(await openCheckpoint(file));
  const part = (precision: Precision) => memory[precision] / memory.fp32;
  expect(part('fp16')).toBeCloseTo(0.5, 1);
  expect(part('int8')).toBeCloseTo(0.28, 1);
  expect(part('int4')).toBeCloseTo(0.17, 1);
});

const WASM = { encoder: 'wasm', decoder: 'auto', hasShaderF16: false } as const;
const GPU = { encoder: 'webgpu', decoder: 'auto', hasShaderF16: true } as const;

test('auto is fp32, and int8 where fp32 weights would not fit', () => {
  const { candidates, choose } = choosePrecision('auto', WASM);
  expect(candidates.map(({ precision }) => precision)).toEqual(['fp32', 'int8']);
  expect(choose(MAX_FP32_BYTES).precision).toBe('fp32');
  expect(choose(MAX_FP32_BYTES + 1).precision).toBe('int8');
});

test('every device has the forms it is fast with, under keys of their own', () => {
  const forms = (precision: Precision, target: typeof WASM | typeof GPU) => {
    const { formOf, arithmetic, key } = planPrecision(precision, target);
    return [formOf('encoder'), formOf('ctc'), formOf('joint'), arithmetic, key];
  };
  expect(forms('fp32', WASM)).toEqual(['fp32', 'fp32', 'fp32', 'fp32', '']);
  expect(forms('fp32', GPU)).toEqual(['fp32', 'fp32', 'fp32', 'fp32', '']);
  expect(forms('fp16', WASM)).toEqual(['float16', 'float16', 'float16', 'fp32', '-fp16-wasm']);
  expect(forms('fp16', GPU)).toEqual(['half', 'float16', 'float16', 'fp16', '-fp16-webgpu-f16']);
  expect(forms('int8', WASM)).toEqual(['int8', 'int8', 'float16', 'int8', '-int8-wasm']);
  expect(forms('int8', GPU)).toEqual(['blocks8', 'blocks8', 'float16', 'fp32', '-int8-webgpu']);
  expect(forms('int4', GPU)).toEqual(['blocks4', 'blocks8', 'float16', 'fp32', '-int4-webgpu']);
});

test('a precision that is none is refused with the names of those there are', async () => {
  const golden = openGolden('quartznet-ctc-char');
  await expect(load(golden, { precision: 'int2' as never })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringMatching(/"int2".*"fp32", "fp16", "int8" or "int4"/),
  });
});

test('fp16 on WASM says that it multiplies as fp32', async () => {
  const { report } = await openRecognizer(openGolden('quartznet-ctc-char'), 'fp16');
  expect(report.reason).toContain('stored as fp16 and multiplied as fp32');
});

async function encoderError(model: LoadedModel, golden: Golden): Promise<number> {
  let [error, power] = [0, 0];
  for (const [index, { samples }] of golden.inputs.entries()) {
    const { tensor, lengths } = await model.parts.encoder.encode([model.parts.mel.extract(samples)], model.context);
    const [ours, size] = [await hostValues(tensor), tensor.dims[2] as number];
    const { data, shape } = golden.encoded(index);
    const columns = shape.at(-1) as number;
    for (let frame = 0; frame < Math.min(lengths[0] as number, columns); frame++) {
      for (let channel = 0; channel < size; channel++) {
        const theirs = data[channel * columns + frame]!;
        error += (ours[frame * size + channel]! - theirs) ** 2;
        power += theirs ** 2;
      }
    }
  }
  return Math.sqrt(error / power);
}
