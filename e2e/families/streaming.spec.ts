/** Cache-aware streaming on WebGPU against NeMo, at every recorded look-ahead: frames step by step, caches that stay on the GPU, the text. */
import { expect } from '@playwright/test';
import type { RecordedRun } from '../harness/harness.worker.ts';
import { frameDifference } from '../support/comparing.ts';
import { type Golden, TOLERANCE, openGolden, openInput } from '../support/golden.ts';
import { test } from '../support/harness-page.ts';

type Stream = {
  readonly input: string;
  readonly att_context_size: readonly [number, number];
  readonly pad_and_drop_preencoded: boolean;
  readonly steps: readonly { readonly text: string; readonly encoded_length: readonly number[] }[];
};

/** Samples a push, as a microphone gives them; steps do not end where pushes do. */
const PIECE = 1700;

const CASES = [
  'fastconformer-streaming-hybrid',
  'eou-rnnt-streaming',
  'prompt-hybrid-rnnt-ctc',
  'prompt-rnnt-streaming',
] as const;

for (const name of CASES) {
  const golden = openGolden(name);
  // A padded first chunk is a choice of NeMo's simulator that we never make.
  const streams = Object.entries(golden.json['streams'] as Record<string, Stream>).filter(
    ([, stream]) => !stream.pad_and_drop_preencoded,
  );
  // Frames of some are recorded, texts of all.
  expect(streams.some(([key]) => golden.hasArray(`${key}.encoded.1`))).toBe(true);
  test(`${name}: ${streams.map(([key]) => key.replace('stream.', '')).join(', ')}`, async ({ harness }) => {
    const path = `families/${name}/model.nemo`;
    const { info, report } = await harness.call('open', path, { device: 'webgpu' });
    expect(report).toMatchObject({ device: 'webgpu' });
    for (const [key, stream] of streams) {
      if (info.decoders.includes('ctc'))
        await harness.call('call', 'changeDecodingStrategy', [
          null,
          { decoderType: key.includes('.ctc.') ? 'ctc' : 'rnnt' },
        ]);
      await harness.call('record', ['encoder_step', 'prompt']);
      const { samples } = openInput(stream.input);
      const options = { attContextSize: stream.att_context_size, pieceSamples: PIECE };
      const { hypothesis, updates } = await harness.call('stream', samples, options);
      const runs = await harness.call('recorded');

      expect(updates.at(-1)).toMatchObject({ committed: hypothesis.text, draft: '', isFinal: true });
      // NeMo's simulator may drop the very last encoder frame, so its last text can lack the end of ours.
      const last = stream.steps.at(-1)!.text.trim();
      expect([key, hypothesis.text.trim().slice(0, last.length - 2)]).toEqual([key, last.slice(0, -2)]);
      expect([key, ...placementErrors(runs), ...stepErrors(runs, golden, { key, stream })]).toEqual([key]);
    }
    const { report: after } = await harness.call('transcribe', [`audio/${golden.inputs[1]!.name}.wav`], {});
    expect(after).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
  });
}

function placementErrors(runs: readonly RecordedRun[]): string[] {
  const errors = runs.flatMap(({ graph, device, outputs }) => [
    ...(device === 'webgpu' ? [] : [`${graph} ran on ${device}`]),
    ...Object.entries(outputs)
      .filter(([, { location }]) => location !== 'gpu-buffer')
      .map(([output, { location }]) => `${graph} left ${output} on the ${location}`),
  ]);
  return [...new Set(errors)];
}

/** Frames of the steps whose numbers are recorded. */
function stepErrors(
  runs: readonly RecordedRun[],
  golden: Golden,
  { key, stream }: { readonly key: string; readonly stream: Stream },
): string[] {
  // NeMo's are from before the language prompt.
  const steps = runs.filter(({ graph }) => graph === 'encoder_step').map(({ outputs }) => outputs['encoded']!);
  const recorded = stream.steps.map((_, step) => step).filter((step) => golden.hasArray(`${key}.encoded.${step}`));
  const errors: string[] = [];
  for (const step of recorded) {
    const frames = steps[step];
    const length = stream.steps[step]!.encoded_length[0]!;
    const off = frames
      ? frameDifference(frames, golden.array(`${key}.encoded.${step}`), length)
      : Number.POSITIVE_INFINITY;
    if (!(off < TOLERANCE.encoded)) errors.push(`${key}: frames of step ${step} are off by ${off}`);
  }
  return errors;
}
