/** Canary on WebGPU against NeMo: encoder, every step of the decoder with its keys and values on the GPU, prompts, greedy and beam answers. */
import { expect } from '@playwright/test';
import type { TranscribeOptions } from '../../src/engine/options.ts';
import type { RecordedRun } from '../harness/harness.worker.ts';
import { STRATEGIES, promptsOf, seenForFiles, toOptions } from '../support/canary-prompts.ts';
import { frameDifference, greatestDifference, hypothesisDifferences } from '../support/comparing.ts';
import { type Golden, type GoldenHypothesis, TOLERANCE, openGolden } from '../support/golden.ts';
import { type HarnessPage, test } from '../support/harness-page.ts';

const FORMATS = { 'canary-aed': 'canary', 'canary2-aed': 'canary2', 'canary-bpe': 'canary2' } as const;

for (const [name, format] of Object.entries(FORMATS)) {
  const golden = openGolden(name);
  const prompts = promptsOf(golden);
  const files = golden.inputs.map((input) => `audio/${input.name}.wav`);
  const optionsOf = (prompt: string): TranscribeOptions =>
    toOptions(seenForFiles(prompts[prompt]!.transcribe_arguments, format));

  test(`${name}: the encoder's frames and every step of the decoder`, async ({ harness }) => {
    await open(harness, golden);
    const errors: string[] = [];
    for (const [input, { samples }] of golden.inputs.entries()) {
      await harness.call('record', ['encoder', 'cross', 'decoder_step']);
      const options = toOptions(prompts['en_pnc']!.transcribe_arguments);
      const { hypotheses } = await harness.call('transcribe', [samples], options);
      const runs = await harness.call('recorded');
      errors.push(...placementErrors(runs), ...stepErrors(runs, golden, { input, answer: hypotheses[0]!.ySequence }));
    }
    expect(errors).toEqual([]);
  });

  test(`${name}: answers to every prompt, one by one and as a batch`, async ({ harness }) => {
    await open(harness, golden);
    const errors: string[] = [];
    for (const prompt of Object.keys(prompts))
      errors.push(...(await answerErrors(harness, golden, `beam1.${prompt}`, optionsOf(prompt))));
    expect(errors).toEqual([]);
  });

  for (const strategy of ['greedy', 'beam4_n_best'])
    test(`${name}: ${strategy}`, async ({ harness }) => {
      const { cfg } = await open(harness, golden);
      const { strategy: kind, beam } = STRATEGIES[strategy]!;
      const { decoding } = cfg as { decoding: { beam: object } };
      const config = { strategy: kind, beam: { ...decoding.beam, ...beam } };
      await harness.call('call', 'changeDecodingStrategy', [config]);
      expect(await answerErrors(harness, golden, strategy, optionsOf(Object.keys(prompts)[0]!))).toEqual([]);
    });

  async function answerErrors(
    harness: HarnessPage,
    { json }: Golden,
    key: string,
    options: TranscribeOptions,
  ): Promise<string[]> {
    const expected = json[key] as { single?: readonly (GoldenHypothesis | readonly GoldenHypothesis[])[] };
    if (!expected.single) return []; // NeMo refused
    const { hypotheses, report } = await harness.call('transcribe', files, options);
    const alone = await harness.call('transcribe', [files[0]!], options);
    expect(report).toMatchObject({ device: 'webgpu', decoderDevice: 'webgpu', reason: 'WebGPU was asked for.' });
    return [...hypotheses, ...alone.hypotheses].flatMap((ours, at) => {
      const theirs = expected.single![at % files.length]!;
      const what = `${key}, input ${at % files.length}`;
      return Array.isArray(theirs)
        ? theirs.flatMap((one, rank) => hypothesisDifferences(ours.nBest?.[rank], one, `${what}, reading ${rank}`))
        : hypothesisDifferences(ours, theirs as GoldenHypothesis, what);
    });
  }
}

async function open(harness: HarnessPage, { name }: Golden): Promise<{ readonly cfg: unknown }> {
  const opened = await harness.call('open', `families/${name}/model.nemo`, { device: 'webgpu' });
  expect(opened.report).toMatchObject({ device: 'webgpu', decoderDevice: 'webgpu' });
  return opened;
}

/** Everything but the scores stays on the GPU. */
function placementErrors(runs: readonly RecordedRun[]): string[] {
  const errors = runs.flatMap(({ graph, device, outputs }) => [
    ...(device === 'webgpu' ? [] : [`${graph} ran on ${device}`]),
    ...Object.entries(outputs)
      .filter(([output, { location }]) => output !== 'log_probs' && location !== 'gpu-buffer')
      .map(([output, { location }]) => `${graph} left ${output} on the ${location}`),
  ]);
  return [...new Set(errors)];
}

/**
 * NeMo scored prompt and answer in one pass; we go a step at a time, from cached keys and values. Where our answer, to an array, leaves NeMo's, to a
 * file with another prompt, there are no more numbers to compare.
 */
function stepErrors(
  runs: readonly RecordedRun[],
  golden: Golden,
  { input, answer }: { readonly input: number; readonly answer: readonly number[] },
): string[] {
  const encoded = runs.find(({ graph }) => graph === 'encoder')?.outputs['encoded'];
  const steps = runs.filter(({ graph }) => graph === 'decoder_step').map(({ outputs }) => outputs['log_probs']!);
  const off = encoded ? frameDifference(encoded, golden.encoded(input), golden.encodedLength(input)) : Number.NaN;
  const errors = off < TOLERANCE.encoded ? [] : [`input ${input}: frames are off by ${off}`];

  const { shape, data } = golden.array(`beam1.en_pnc.single.${input}.teacher_log_probs`);
  const [rows = 0, classes = 0] = shape;
  const first = promptsOf(golden)['en_pnc']!.context_ids.length - 1;
  const theirs = golden.transcripts('beam1.en_pnc').single[input]!.y_sequence!;
  const shared = theirs.findIndex((token, at) => token !== answer[at]);
  const compared = steps.slice(0, Math.min(rows - first, shared < 0 ? steps.length : shared + 1));
  if (compared.length === 0) errors.push(`input ${input}: no step was compared`);
  compared.forEach((scores, step) => {
    const row = first + step;
    const wrong = greatestDifference(scores.data, data.subarray(row * classes, (row + 1) * classes));
    if (!(wrong < TOLERANCE.logits)) errors.push(`input ${input}: scores of step ${step} are off by ${wrong}`);
  });
  return errors;
}
