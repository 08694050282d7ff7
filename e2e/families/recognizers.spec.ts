/** Every CTC and transducer family on WebGPU against NeMo: encoder, heads, hypotheses; one by one and as a batch; decoders on either device. */
import { expect } from '@playwright/test';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import type { TranscribeOptions } from '../../src/engine/options.ts';
import type { RecordedRun } from '../harness/harness.worker.ts';
import { frameDifference, hypothesisDifferences, scoreDifference } from '../support/comparing.ts';
import { type Golden, TOLERANCE, openGolden } from '../support/golden.ts';
import { type HarnessPage, test } from '../support/harness-page.ts';

type Change = readonly [method: 'changeAttentionModel' | 'setDefaultAttContextSize', argument: unknown];

type Case = {
  readonly name: string;
  readonly archive?: string;
  readonly head?: 'ctc' | 'rnnt' | undefined;
  readonly change?: Change;
  readonly options?: TranscribeOptions;
  /** Key of NeMo's answer. @default 'timestamps' */
  readonly key?: string;
  /** What NeMo's encoder output is called, `<i>` for the input. @default 'single.<i>.encoded' */
  readonly encoded?: string;
  /** Samples instead of files, as NeMo got them. */
  readonly asArrays?: boolean;
  /** With several global tokens NeMo mixes the clips of a batch; here every clip stays what it is alone. */
  readonly mixesInBatch?: boolean;
};

const hybrid = (name: string): Case[] => [
  { name, head: 'rnnt' },
  { name, head: 'ctc', key: 'ctc.timestamps' },
];
const local = (key: string, change?: object): Case => ({
  name: 'fastconformer-local-attn',
  archive: `${key === 'separate' ? key : 'global'}.nemo`,
  key: `${key}.greedy`,
  encoded: `${key}.single.<i>.encoded`,
  ...(change ? { change: ['changeAttentionModel', change] } : {}),
});
const context = (right: number): Case => ({
  name: 'fastconformer-streaming-hybrid',
  head: 'rnnt',
  key: `offline.L8R${right}.greedy`,
  encoded: `offline.L8R${right}.encoded`,
  change: ['setDefaultAttContextSize', [8, right]],
});
const prompted = (name: string): Case[] =>
  ['auto', 'en-US', 'de-DE'].map((targetLang) => ({
    name,
    key: `greedy.${targetLang}`,
    options: { targetLang },
    asArrays: true,
    ...(targetLang === 'auto' ? {} : { encoded: '' }),
  }));

const CASES: readonly Case[] = [
  { name: 'fastconformer-ctc-bpe' },
  { name: 'fastconformer-rnnt-bpe' },
  { name: 'fastconformer-tdt-bpe' },
  ...hybrid('hybrid-rnnt-ctc'),
  ...hybrid('hybrid-tdt-ctc'),
  ...hybrid('fastconformer-streaming-hybrid'),
  context(1),
  context(0),
  { name: 'stateless-rnnt-bpe' },
  { name: 'multiblank-rnnt-bpe' },
  { name: 'eou-rnnt-streaming' },
  { name: 'agg-codeswitch-ctc' },
  { name: 'agg-codeswitch-rnnt' },
  ...prompted('prompt-hybrid-rnnt-ctc'),
  ...prompted('prompt-rnnt-streaming'),
  ...['model.nemo', 'hybrid.nemo', 'fused.nemo', 'extracted.nemo'].map((archive) => ({
    name: 'asr-with-tts',
    archive,
    key: 'greedy',
  })),
  { name: 'fastconformer-local-attn' },
  { ...local('separate'), mixesInBatch: true },
  local('global'),
  local('changed_to_local', {
    selfAttentionModel: 'rel_pos_local_attn',
    attContextSize: openGolden('fastconformer-local-attn').json['window'],
  }),
  local('changed_to_local_128', { selfAttentionModel: 'rel_pos_local_attn', attContextSize: [128, 128] }),
  local('changed_back', { selfAttentionModel: 'rel_pos', attContextSize: [-1, -1] }),
  { name: 'conformer-ctc-char' },
  { name: 'conformer-ctc-bpe' },
  { name: 'conformer-ctc-wpe' },
  { name: 'conformer-rnnt-bpe' },
  { name: 'conformer-rnnt-char' },
  { name: 'squeezeformer-ctc-bpe', key: 'greedy' }, // NeMo 2.7.3 has no timestamps for it
  { name: 'quartznet-ctc-char' },
  { name: 'jasper-ctc' },
  { name: 'citrinet-ctc-bpe' },
  { name: 'contextnet-rnnt-bpe' },
  { name: 'old-archives' },
];

for (const { archive = 'model.nemo', head, key = 'timestamps', ...rest } of CASES) {
  const item = { archive, head, key, ...rest };
  test(`${rest.name}/${archive}, ${key}`, async ({ harness }) => {
    const golden = openGolden(item.name);
    const hasJoint = golden.hasArray('single.0.joint_logits');
    const isTransducer = hasJoint && head !== 'ctc';
    for (const decoderDevice of isTransducer ? (['auto', 'webgpu'] as const) : (['auto'] as const)) {
      const path = `families/${item.name}/${archive}`;
      const { report } = await harness.call('open', path, { device: 'webgpu', decoderDevice });
      // Of the head that decodes unless another is asked for.
      const loopDevice = hasJoint && decoderDevice === 'auto' ? 'wasm' : 'webgpu';
      expect(report).toMatchObject({
        device: 'webgpu',
        decoderDevice: loopDevice,
        selfTest: { status: 'passed' },
      });
      if (head) await harness.call('call', 'changeDecodingStrategy', [null, { decoderType: head }]);
      if (item.change) await harness.call('call', item.change[0], [item.change[1]]);

      const { single, batch, runs } = await transcribeAll(harness, golden, item);
      const expected = golden.transcripts(key);
      const together = item.mixesInBatch ? expected.single : expected.batch;
      expect([
        ...single.flatMap((ours, input) =>
          hypothesisDifferences(ours, expected.single[input]!, `${decoderDevice}, input ${input}`),
        ),
        ...batch.flatMap((ours, input) =>
          hypothesisDifferences(ours, together[input]!, `${decoderDevice}, input ${input} of a batch`),
        ),
        ...placementErrors(runs, decoderDevice),
        ...encoderErrors(runs, golden, item),
        ...(item.encoded === undefined
          ? [...single, ...batch].flatMap((ours, at) => headErrors(ours, golden, at % single.length))
          : []),
      ]).toEqual([]);
    }
  });
}

type Transcribed = {
  readonly single: Hypothesis[];
  readonly batch: Hypothesis[];
  readonly runs: readonly RecordedRun[];
};

/** Every clip alone, then all together; afterwards the model must still be on the GPU. */
async function transcribeAll(harness: HarnessPage, golden: Golden, { options, asArrays }: Case): Promise<Transcribed> {
  const clips = golden.inputs.map(({ name, samples }) => (asArrays ? samples : `audio/${name}.wav`));
  const all = { timestamps: true, returnAlignments: true, ...options };
  const single: Hypothesis[] = [];
  await harness.call('record', ['encoder', 'encoder_masked', 'prompt', 'ctc', 'projection', 'predictor', 'joint']);
  for (const clip of clips) single.push(...(await harness.call('transcribe', [clip], all)).hypotheses);
  const { hypotheses: batch, report } = await harness.call('transcribe', clips, all);
  expect(report).toMatchObject({ device: 'webgpu', reason: 'WebGPU was asked for.' });
  return { single, batch, runs: await harness.call('recorded') };
}

/** Encoder and its heads on the GPU, their results left there; predictor and joint where they were sent. */
function placementErrors(runs: readonly RecordedRun[], decoderDevice: 'auto' | 'webgpu'): string[] {
  const errors = runs.flatMap(({ graph, device, outputs }) => {
    const isLoop = graph === 'predictor' || graph === 'joint';
    const wanted = isLoop && decoderDevice === 'auto' ? 'wasm' : 'webgpu';
    const kept = outputs['encoded'] ?? outputs['prompted'];
    return [
      ...(device === wanted ? [] : [`${graph} ran on ${device}`]),
      ...(kept === undefined || kept.location === 'gpu-buffer'
        ? []
        : [`${graph} left its frames on the ${kept.location}`]),
    ];
  });
  return [...new Set(errors)];
}

/** Clips that ran alone are recognised by their number of frames; in a batch, rows are ordered by length. */
function encoderErrors(
  runs: readonly RecordedRun[],
  golden: Golden,
  { encoded: name = 'single.<i>.encoded' }: Case,
): string[] {
  const last = runs.some(({ graph }) => graph === 'prompt') ? ['prompt'] : ['encoder', 'encoder_masked'];
  const frames = runs
    .filter(({ graph }) => last.includes(graph))
    .map(({ outputs }) => (outputs['prompted'] ?? outputs['encoded'])!);
  const order = golden.inputs
    .map((_, input) => input)
    .sort((a, b) => golden.featuresLength(b) - golden.featuresLength(a));
  const errors: string[] = [];
  let compared = 0;
  for (const tensor of frames) {
    const rows = tensor.dims[0] as number;
    const clips = rows > 1 ? order.slice(0, rows) : closest(golden, tensor.dims[1] as number);
    clips.forEach((input, row) => {
      const key = name.replace('<i>', String(input));
      if (!golden.hasArray(key) || (!name.includes('<i>') && input > 0)) return;
      const theirs = golden.array(key);
      const length = Math.min(golden.encodedLength(input), theirs.shape[1] as number);
      const off = frameDifference(tensor, theirs, length, row);
      compared += 1;
      if (!(off < TOLERANCE.encoded))
        errors.push(`the encoder's frames of input ${input} (row ${row} of ${rows}) are off by ${off}`);
    });
  }
  if (name !== '' && compared === 0) errors.push('no frames were compared');
  return errors;
}

/** The input of that many encoder frames; one more may be padding. */
function closest(golden: Golden, frames: number): number[] {
  const off = (input: number): number => Math.abs(golden.encodedLength(input) - frames);
  return [golden.inputs.map((_, input) => input).reduce((best, input) => (off(input) < off(best) ? input : best))];
}

function headErrors(ours: Hypothesis, golden: Golden, input: number): string[] {
  const off = scoreDifference(ours, golden, input);
  return off === undefined || off < TOLERANCE.logits ? [] : [`scores of input ${input} are off by ${off}`];
}
