/** Every option of NeMo's prediction and joint networks on WebGPU against NeMo's logits and answers, loop and all. */
import { expect } from '@playwright/test';
import { hypothesisDifferences, stepDifference } from '../support/comparing.ts';
import { type GoldenHypothesis, TOLERANCE, openGolden } from '../support/golden.ts';
import { test } from '../support/harness-page.ts';

type Variant = { readonly raises?: string; readonly greedy?: Partial<GoldenHypothesis> };

const golden = openGolden('predictor-variants');
const variants = Object.entries(golden.json['variants'] as Record<string, Variant>);

for (const [name, { greedy }] of variants.filter(([, { raises }]) => !raises)) {
  test(`predictor-variants/${name}`, async ({ harness }) => {
    const options = { device: 'webgpu', decoderDevice: 'webgpu' } as const;
    const { report } = await harness.call('open', `families/predictor-variants/${name}.nemo`, options);
    expect(report).toMatchObject({ device: 'webgpu', decoderDevice: 'webgpu' });
    await harness.call('record', ['predictor', 'joint']);
    const { hypotheses } = await harness.call('transcribe', [`audio/${golden.inputs[0]!.name}.wav`], {
      returnAlignments: true,
    });
    const runs = await harness.call('recorded');
    expect([...new Set(runs.map(({ device }) => device))]).toEqual(['webgpu']);
    expect(stepDifference(hypotheses[0]!, golden.array(`${name}.joint_logits`))).toBeLessThan(TOLERANCE.logits);
    if (greedy?.text !== undefined)
      expect(hypothesisDifferences(hypotheses[0], greedy as GoldenHypothesis, name)).toEqual([]);
  });
}
