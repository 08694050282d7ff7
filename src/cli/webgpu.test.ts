/**
 * fp16 shaders, and blocks of small integers, in Node: npm's `webgpu` (Dawn) on whatever Vulkan driver is there, Mesa's lavapipe included.
 *
 * Neither is needed to build or run Sotto, so these tests are skipped where one is missing, and their title says which. Install them by
 * `npm install --no-save webgpu` and `mesa-vulkan-drivers` (25 or newer). Shaders are compiled on the processor here: minutes the first time.
 */
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Golden, maxDifference, openGolden } from '../../e2e/support/golden.ts';
import { messageOf } from '../base/errors.ts';
import { LoadedModel } from '../engine/asr-model.ts';
import { hostValues } from '../engine/encoder-tensors.ts';
import { loadModel } from '../engine/load.ts';
import type { Precision } from '../engine/options.ts';
import { installWebGpu } from './webgpu.ts';

/** Absolute; measured when float16 was allowed for (e2e/fixtures/README.md tells the float32 ones). */
const FP16_ENCODED = 6e-2;

const FAMILIES: Readonly<Record<string, string>> = {
  'fastconformer-ctc-bpe': 'timestamps',
  'fastconformer-tdt-bpe': 'timestamps',
  'conformer-ctc-char': 'timestamps',
  'squeezeformer-ctc-bpe': 'greedy',
  'quartznet-ctc-char': 'timestamps',
  'citrinet-ctc-bpe': 'timestamps',
  'contextnet-rnnt-bpe': 'timestamps',
  'canary-aed': 'beam1.en_pnc',
};

const missing = await whatIsMissing();

describe.skipIf(missing)(`WebGPU in Node${missing ? `: ${missing}` : ''}`, () => {
  test.each(Object.keys(FAMILIES))(
    "%s in fp16 arithmetic: the encoder within 6e-2 of NeMo's, the text equal",
    async (name) => {
      const golden = openGolden(name);
      const model = await open(golden, 'fp16');
      expect(await encoderDifference(model, golden)).toBeLessThan(FP16_ENCODED);
      await expectText(model, golden);
      expect(model.report).toMatchObject({ device: 'webgpu', precision: 'fp16', arithmetic: 'fp16' });
      await model.dispose();
    },
    600_000,
  );

  test.each(['int8', 'int4'] as const)(
    '%s blocks are multiplied on the GPU, with the same text',
    async (precision) => {
      const golden = openGolden('fastconformer-ctc-bpe');
      const model = await open(golden, precision);
      await expectText(model, golden);
      expect(model.report).toMatchObject({ device: 'webgpu', precision, arithmetic: 'fp32' });
      await model.dispose();
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

async function open(golden: Golden, precision: Precision): Promise<LoadedModel> {
  const source = { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` } as const;
  const model = await loadModel(source, { device: 'webgpu', precision, cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

/** Of the first clip: every length compiles shaders of its own. */
async function expectText(model: LoadedModel, golden: Golden): Promise<void> {
  const [result] = await model.transcribe([golden.inputs[0]!.file]);
  expect(result?.hypothesis.text).toBe(golden.transcripts(FAMILIES[golden.name]!).single[0]!.text);
}

async function encoderDifference({ parts, context }: LoadedModel, golden: Golden): Promise<number> {
  const { tensor, lengths } = await parts.encoder.encode([parts.mel.extract(golden.inputs[0]!.samples)], context);
  const [values, size, frames] = [await hostValues(tensor), tensor.dims[2] as number, lengths[0] as number];
  const channelsFirst = new Float32Array(size * frames);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < size; channel++)
      channelsFirst[channel * frames + frame] = values[frame * size + channel]!;
  }
  return maxDifference({ shape: [size, frames], data: channelsFirst }, golden.encoded(0), frames);
}
