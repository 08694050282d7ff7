/** Segments that overlap by the reach of all layers give NeMo's frames: those of one pass. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { ConformerSpec, ContextSize } from '../model/conformer-spec.ts';
import { columnsOf, encoderSegments } from '../model/encoder-segments.ts';
import { encoderFeeds, encoderPositions } from '../model/encoder.ts';
import type { LoadedModel } from './asr-model.ts';
import { hostValues, toTensors } from './encoder-tensors.ts';
import { loadModel } from './load.ts';
import { encodeSegments } from './segment-runner.ts';
import type { Tensor } from '../runtime/session.ts';

/** Local attention, chunks with a causal subsampling, and a plain window. */
const CASES = [
  { name: 'fastconformer-local-attn', archive: 'global.nemo', attention: 'rel_pos_local_attn', context: [5, 4] },
  { name: 'fastconformer-local-attn', archive: 'global.nemo', attention: 'rel_pos', context: [9, 2] },
  { name: 'fastconformer-streaming-hybrid', archive: 'model.nemo', attention: 'rel_pos', context: [8, 3] },
] as const;

test.each(CASES)('$name, $attention $context', async ({ name, archive, attention, context }) => {
  const file = openGolden(name).archive(archive);
  const model = (await loadModel({ kind: 'file', file, name }, { device: 'wasm', cache: false })) as LoadedModel;
  const { sessions, spec } = model.parts;
  const { ort } = sessions.instance;
  const built = spec.encoder as ConformerSpec;
  const run: ConformerSpec = {
    ...built,
    attention,
    contexts: [context],
    globalTokens: { ...built.globalTokens, active: false },
  };
  const layers = async (subsampled: Tensor, frames: number): Promise<Tensor> => {
    const numFrames = columnsOf(run, frames);
    const batch = { lengths: [numFrames], numFrames, context: context as ContextSize };
    const feeds: Record<string, Tensor> = toTensors(sessions.instance, encoderFeeds(run, batch, { masked: true }));
    for (const { rows, names, table } of encoderPositions(run, numFrames, context)) {
      const data = table();
      const position_table = new ort.Tensor('float32', data, [rows, data.length / rows]);
      Object.assign(feeds, await (await sessions.get('positions')).run({ position_table }, names));
    }
    const { encoded } = await (await sessions.get('encoder_masked')).run({ ...feeds, subsampled });
    return encoded!;
  };
  const frames = 403;
  const input = () => new ort.Tensor('float32', noise(frames * run.dModel), [1, frames, run.dModel]);
  const segments = encoderSegments(run, context, frames, 1);
  expect(segments.length).toBeGreaterThan(2);
  const joined = await hostValues(await encodeSegments(sessions.instance, input(), segments, layers));
  const whole = await hostValues(await layers(input(), frames));
  expect(joined.length).toBe(whole.length);
  const difference = joined.reduce((worst, value, at) => Math.max(worst, Math.abs(value - whole[at]!)), 0);
  expect(difference).toBeLessThan(1e-5);
  await model.dispose();
});

function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
