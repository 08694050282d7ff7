/** Container and configuration forms on WebGPU: what an archive looks like changes nothing about what the GPU computes. */
import { readdirSync } from 'node:fs';
import { expect } from '@playwright/test';
import { frameDifference } from '../support/comparing.ts';
import { type GoldenHypothesis, TOLERANCE, goldenFolder, openGolden } from '../support/golden.ts';
import { test } from '../support/harness-page.ts';

type Form = { readonly file?: string; readonly nemo_restores_it?: Readonly<Record<string, unknown>> };
type Shape = {
  readonly raises?: string;
  readonly sample_rate: number;
  readonly encoded_length: readonly number[];
  readonly timestamps: readonly GoldenHypothesis[];
};

const old = openGolden('old-archives');
const archives = readdirSync(goldenFolder('old-archives')).filter(
  (name) => name.endsWith('.nemo') && name !== 'evil-pickle.nemo',
);

test(`old-archives: ${archives.join(', ')}`, async ({ harness }) => {
  const forms = Object.values(old.json['forms'] as Record<string, Form>);
  const [theirs] = old.transcripts('greedy').single;
  for (const name of archives) {
    await harness.call('open', `families/old-archives/${name}`, { device: 'webgpu' });
    const { hypotheses, report } = await harness.call('transcribe', [`audio/${old.inputs[0]!.name}.wav`], {});
    expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
    const [ours] = hypotheses;
    expect([name, ours!.text]).toEqual([name, theirs!.text]);
    // Weights kept as float16 are other weights; a score adds up one log-probability a frame.
    const restored = forms.find(({ file }) => file === name)?.nemo_restores_it;
    const off = Number(restored?.['log_probs_max_difference_from_model.nemo'] ?? 0);
    expect(Math.abs(ours!.score - theirs!.score)).toBeLessThan((TOLERANCE.score + off) * ours!.length);
  }
});

const golden = openGolden('published');
for (const [name, shape] of Object.entries(golden.json['models'] as Record<string, Shape>)) {
  if (shape.raises) continue; // NeMo cannot make it
  test(`published/${name}`, async ({ harness }) => {
    await harness.call('open', `families/published/${name}.nemo`, { device: 'webgpu' });
    await harness.call('record', ['encoder']);
    const rate = shape.sample_rate;
    const samples = rate === 16_000 ? golden.inputs[0]!.samples : golden.array(`${rate}.wave.0`).data;
    const { hypotheses, report } = await harness.call('transcribe', [samples], {});
    expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
    expect(hypotheses[0]!.text).toBe(shape.timestamps[0]!.text);
    const [run] = await harness.call('recorded');
    expect([run!.device, run!.outputs['encoded']!.location]).toEqual(['webgpu', 'gpu-buffer']);
    const theirs = golden.array(`${name}.0.encoded`);
    expect(frameDifference(run!.outputs['encoded']!, theirs, shape.encoded_length[0]!)).toBeLessThan(TOLERANCE.encoded);
  });
}
