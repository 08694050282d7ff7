/**
 * fp16 shaders, and blocks of small integers, in Node: npm's `webgpu` (Dawn) on whatever Vulkan driver is there, Mesa's lavapipe included.
 *
 * Neither is needed to build or run Sotto, so these tests are skipped where one is missing, and their title says which. Install them by
 * `npm install --no-save webgpu` and `mesa-vulkan-drivers` (25 or newer). Shaders are compiled on the processor here: minutes the first time.
 * onnxruntime forgets its shaders with the last session, so a model is let go only after the next one is there.
 */
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { type Golden, maxDifference, openGolden } from '../../e2e/support/golden.ts';
import type { NpyArray } from '../../e2e/support/npz.ts';
import { messageOf } from '../base/errors.ts';
import { LoadedModel } from '../engine/asr-model.ts';
import { hostValues } from '../engine/encoder-tensors.ts';
import type { EngineModel } from '../engine/engine-model.ts';
import { loadModel } from '../engine/load.ts';
import { LoadedClassifier } from '../engine/loaded-classifier.ts';
import type { Precision, TranscribeOptions } from '../engine/options.ts';
import { installWebGpu } from './webgpu.ts';

/**
 * Measured when float16 was allowed for (e2e/fixtures/README.md tells the float32 ones). Absolute for frames that reach 10, as encoders' do; a part of
 * the greatest value above, as behind a language prompt, where they reach 26.
 */
const FP16 = { encoded: 6e-2, encodedPart: 6e-3, probability: 3e-2 } as const;

type Case = {
  readonly name: string;
  readonly archive?: string;
  /** Of NeMo's answer. @default 'timestamps' */
  readonly key?: string;
  readonly head?: 'ctc' | 'rnnt';
  readonly options?: TranscribeOptions;
  /** Name of NeMo's encoder output. @default 'single.0.encoded' */
  readonly encoded?: string;
};

/** One or two a family; decoders of a kind share their shaders. */
const CASES: readonly Case[] = [
  { name: 'fastconformer-ctc-bpe' },
  { name: 'fastconformer-tdt-bpe' },
  { name: 'hybrid-rnnt-ctc', head: 'rnnt' },
  { name: 'hybrid-tdt-ctc', head: 'ctc', key: 'ctc.timestamps' },
  { name: 'multiblank-rnnt-bpe' },
  { name: 'stateless-rnnt-bpe' },
  { name: 'agg-codeswitch-rnnt' },
  { name: 'prompt-hybrid-rnnt-ctc', key: 'greedy.auto', options: { targetLang: 'auto' } },
  { name: 'asr-with-tts', key: 'greedy' },
  {
    name: 'fastconformer-local-attn',
    archive: 'global.nemo',
    key: 'global.greedy',
    encoded: 'global.single.0.encoded',
  },
  { name: 'conformer-ctc-char' },
  { name: 'conformer-rnnt-bpe' },
  { name: 'squeezeformer-ctc-bpe', key: 'greedy' }, // NeMo 2.7.3 has no timestamps for it
  { name: 'quartznet-ctc-char' },
  { name: 'jasper-ctc' },
  { name: 'citrinet-ctc-bpe' },
  { name: 'contextnet-rnnt-bpe' },
  { name: 'canary-aed', key: 'beam1.en_pnc' },
  { name: 'canary2-aed', key: 'beam1.en_pnc' },
];

const missing = await whatIsMissing();
let held: EngineModel | undefined;
afterAll(() => held?.dispose());

describe.skipIf(missing)(`WebGPU in Node${missing ? `: ${missing}` : ''}`, () => {
  test.each(CASES.map((item) => [item.name, item] as const))(
    "%s in fp16 arithmetic: the encoder close to NeMo's, the text equal",
    async (name, { archive, head, key = 'timestamps', options, encoded = 'single.0.encoded' }) => {
      const golden = openGolden(name);
      const model = await openRecognizer(golden, 'fp16', archive);
      if (head) await model.changeDecodingStrategy(undefined, { decoderType: head });
      const frames = golden.array(encoded);
      const peak = frames.data.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);
      const allowed = Math.max(FP16.encoded, FP16.encodedPart * peak);
      expect(await encoderDifference(model, golden, frames)).toBeLessThan(allowed);
      const [result] = await model.transcribe([golden.inputs[0]!.file], options);
      expect(result?.hypothesis.text).toBe(golden.transcripts(key).single[0]!.text);
      expect(model.report).toMatchObject({ device: 'webgpu', precision: 'fp16', arithmetic: 'fp16' });
    },
    600_000,
  );

  test('fastconformer-streaming-hybrid in fp16 arithmetic: the text of its steps is that of NeMo', async () => {
    const golden = openGolden('fastconformer-streaming-hybrid');
    const model = await openRecognizer(golden, 'fp16');
    type Stream = { readonly att_context_size: [number, number]; readonly steps: readonly { readonly text: string }[] };
    const streams = golden.json['streams'] as Record<string, Stream>;
    const [clip] = golden.inputs;
    const [, stream] = Object.entries(streams).find(
      ([key]) => /^stream\.rnnt\.L/.test(key) && key.endsWith(clip!.name),
    )!;
    const session = await model.openStream({ attContextSize: stream.att_context_size }, () => undefined);
    for (let from = 0; from < clip!.samples.length; from += 1700)
      await session.push(clip!.samples.slice(from, from + 1700));
    const { text } = await session.finish();
    // NeMo's simulator may drop the very last encoder frame.
    const last = stream.steps.at(-1)!.text.trim();
    expect(text.trim().slice(0, last.length - 2)).toBe(last.slice(0, -2));
    expect(model.report).toMatchObject({ device: 'webgpu', precision: 'fp16', arithmetic: 'fp16' });
  }, 600_000);

  test.each(['marblenet-classification', 'marblenet-frame-vad'])(
    "%s in fp16 arithmetic: probabilities within 3e-2 of NeMo's",
    async (name) => {
      const golden = openGolden(name);
      const model = await open(golden, 'fp16');
      if (!(model instanceof LoadedClassifier)) throw new Error('not a classifier');
      const { values, numClasses } = await model.probabilities(golden.inputs[0]!.samples);
      const theirs = golden.hasArray('single.0.speech_probability')
        ? golden.array('single.0.speech_probability').data
        : softmax(golden.array('single.0.logits').data);
      const ours = numClasses === theirs.length ? values : values.filter((_, at) => at % numClasses === 1);
      const off = Math.max(...ours.map((value, at) => Math.abs(value - theirs[at]!)));
      expect(off).toBeLessThan(FP16.probability);
      expect(model.report).toMatchObject({ device: 'webgpu', precision: 'fp16', arithmetic: 'fp16' });
    },
    600_000,
  );

  test.each(['int8', 'int4'] as const)(
    '%s blocks are multiplied on the GPU, with the same text',
    async (precision) => {
      const golden = openGolden('fastconformer-ctc-bpe');
      const model = await openRecognizer(golden, precision);
      const [result] = await model.transcribe([golden.inputs[0]!.file]);
      expect(result?.hypothesis.text).toBe(golden.transcripts('timestamps').single[0]!.text);
      expect(model.report).toMatchObject({ device: 'webgpu', precision, arithmetic: 'fp32' });
    },
    600_000,
  );
});

async function whatIsMissing(): Promise<string | undefined> {
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir(); // Vulkan's loader wants one
  try {
    await installWebGpu();
    const adapter = await navigator.gpu.requestAdapter();
    return adapter?.features.has('shader-f16') ? undefined : 'the adapter has no shader-f16';
  } catch (error) {
    return messageOf(error);
  }
}

async function open(golden: Golden, precision: Precision, archive = 'model.nemo'): Promise<EngineModel> {
  const source = { kind: 'file', file: golden.archive(archive), name: `${golden.name}.nemo` } as const;
  const model = await loadModel(source, { device: 'webgpu', precision, cache: false });
  await held?.dispose();
  held = model;
  return model;
}

async function openRecognizer(golden: Golden, precision: Precision, archive?: string): Promise<LoadedModel> {
  const model = await open(golden, precision, archive);
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

/** Of the first clip: every length compiles shaders of its own. */
async function encoderDifference(
  { parts, context }: LoadedModel,
  golden: Golden,
  theirs: NpyArray<Float32Array>,
): Promise<number> {
  const { tensor, lengths } = await parts.encoder.encode([parts.mel.extract(golden.inputs[0]!.samples)], context);
  const [values, size, frames] = [await hostValues(tensor), tensor.dims[2] as number, lengths[0] as number];
  const channelsFirst = new Float32Array(size * frames);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < size; channel++)
      channelsFirst[channel * frames + frame] = values[frame * size + channel]!;
  }
  return maxDifference({ shape: [size, frames], data: channelsFirst }, theirs, Math.min(frames, theirs.shape[1]!));
}

function softmax(logits: Float32Array): Float32Array {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
}
