/** `chunked_limited_with_rc`: full attention unless left, chunk and right are set, as NeMo runs such models; then NeMo's frames again. */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import type { MelFeatures } from '../audio/mel.ts';
import type { LoadedModel } from './asr-model.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';

const golden = openGolden('conformer-variants');
const NAMES = ['chunked-with-right-context', 'dynamic-chunk-convolution'];
type Variant = { readonly encoded_length: readonly number[]; readonly features_length: readonly number[] };

async function open(name: string): Promise<LoadedModel> {
  const file = golden.archive(`${name}.nemo`);
  return (await loadModel({ kind: 'file', file, name }, { device: 'wasm', cache: false })) as LoadedModel;
}

test.each(NAMES.flatMap((name) => [[6, 2, 1] as const, [4, 3, 0] as const].map((size) => [name, size] as const)))(
  '%s set to %j',
  async (name, size) => {
    const model = await open(name);
    const { encoded_length: valid, features_length: lengths } = (golden.json['variants'] as Record<string, Variant>)[
      name
    ]!;
    const clips = lengths.map((length, clip) => featuresOf(clip, length));
    model.setDefaultAttContextSize(size);
    for (const [what, batch] of [
      ['single', clips.slice(0, 1)],
      ['batch', clips],
    ] as const) {
      const { tensor } = await model.parts.encoder.encode(batch, model.context);
      const [, numFrames = 0, width = 0] = tensor.dims;
      const ours = await hostValues(tensor);
      const { data: theirs, shape } = golden.array(`${name}.${size.join('_')}.${what}.encoded`);
      const columns = shape.at(-1) as number;
      batch.forEach((_, clip) => {
        for (let frame = 0; frame < valid[clip]!; frame++)
          for (let at = 0; at < width; at++)
            expect(
              Math.abs(ours[(clip * numFrames + frame) * width + at]! - theirs[(clip * width + at) * columns + frame]!),
            ).toBeLessThan(TOLERANCE.encoded);
      });
      tensor.dispose();
    }
    await model.dispose();
  },
);

test('other checkpoints keep to what they offer, and no chunk is no context', async () => {
  const model = await open('chunked-with-right-context');
  const refused = (size: readonly number[]) => () => model.setDefaultAttContextSize(size);
  expect(refused([6, 0, 1])).toThrow(/\[6, 0, 1\] is not one of .* or \[left, chunk, right\] in frames/);
  expect(refused([6, 2])).toThrow(/is not one of/);
  model.setDefaultAttContextSize([-1, -1, -1]);
  await model.dispose();
  const limited = await open('chunked-limited');
  expect(() => limited.setDefaultAttContextSize([6, 2, 1])).toThrow(/is not one of the checkpoint's: \[\[6,2\]\]\./);
  await limited.dispose();
});

function featuresOf(clip: number, numFrames: number): MelFeatures {
  const { data, shape } = golden.array('features');
  const [, numFeatures = 0, columns = 0] = shape;
  const cut = new Float32Array(numFeatures * numFrames);
  for (let row = 0; row < numFeatures; row++) {
    const from = (clip * numFeatures + row) * columns;
    cut.set(data.subarray(from, from + numFrames), row * numFrames);
  }
  return { data: cut, numFeatures, numFrames };
}
