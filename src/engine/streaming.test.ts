/** Cache-aware streaming against NeMo: encoder outputs step by step, and the text in the end. */
import { expect, test } from 'vitest';
import { floatWav } from '../../e2e/support/float-wav.ts';
import { type Golden, TOLERANCE, oddCases, openGolden } from '../../e2e/support/golden.ts';
import { MelStream } from '../audio/mel.ts';
import { streamableContexts } from '../model/streaming-spec.ts';
import { LoadedModel } from './asr-model.ts';
import { CacheAwareEncoder } from './cache-aware-encoder.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';
import type { StreamUpdate } from './options.ts';

/** Without a text where NeMo does not stream the head. */
type Step = { readonly text?: string; readonly encoded_length: readonly number[] };
type Stream = {
  /** How NeMo refused a step that is not there any more. */
  readonly raises?: string;
  readonly input: string;
  readonly att_context_size: [number, number];
  readonly pad_and_drop_preencoded: boolean;
  readonly steps: readonly Step[];
};

const STREAMS = ['fastconformer-streaming-hybrid', 'streaming-look-ahead', ...oddCases('odd-streaming')].flatMap(
  (name) => {
    const streams = openGolden(name).json['streams'] as Record<string, Stream>;
    return Object.entries(streams).flatMap(([key, stream]) =>
      stream.pad_and_drop_preencoded || stream.steps.length === 0 ? [] : [{ name, key, stream }],
    );
  },
);

async function open(golden: Golden): Promise<LoadedModel> {
  const model = await loadModel(
    { kind: 'file', file: golden.archive(), name: 'streaming.nemo' },
    { device: 'wasm', cache: false },
  );
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

const samplesOf = (golden: Golden, { input }: Stream): Float32Array =>
  (golden.inputs.find((clip) => clip.name === input) as Golden['inputs'][number]).samples;

const RECORDED = STREAMS.filter(({ name, key }) => openGolden(name).hasArray(`${key}.encoded.0`));

test.each(RECORDED)("$name, $key: the steps give NeMo's frames", async ({ name, key, stream }) => {
  const golden = openGolden(name);
  const { sessions, encoder, spec, melConfig } = (await open(golden)).parts;
  if (spec.encoder.kind !== 'conformer') throw new Error('not a Conformer');
  expect(streamableContexts(spec)).toContainEqual(stream.att_context_size);
  const context = stream.att_context_size;
  using steps = new CacheAwareEncoder({ sessions, encoder, spec: spec.encoder, context, language: undefined });
  const mel = new MelStream(melConfig);
  steps.append(mel.push(samplesOf(golden, stream)));
  steps.append(mel.finish());
  const ours: number[] = [];
  while (steps.hasRest) {
    await steps.step(async ({ tensor, lengths: [length] }) => {
      ours.push(...(await hostValues(tensor)).subarray(0, length! * spec.encoder.outputSize));
    });
  }
  // NeMo's simulator drops the very last encoder frame, or adds one of the padding column; frames that hear it differ too.
  const hearTheLast = spec.encoder.contextStyle === 'regular' ? context[1] * spec.encoder.numLayers : 0;
  const theirs = stream.steps.slice(0, -1 - hearTheLast).flatMap(({ encoded_length: [length] }, index) => {
    const { shape, data } = golden.array(`${key}.encoded.${index}`);
    const [size, columns] = shape as [number, number];
    return Array.from({ length: length! * size }, (_, at) => data[(at % size) * columns + Math.floor(at / size)]!);
  });
  expect(theirs.length).toBeGreaterThan(0);
  const worst = theirs.reduce((most, value, at) => Math.max(most, Math.abs(value - (ours[at] ?? Number.NaN))), 0);
  expect(worst).toBeLessThan(TOLERANCE.encoded);
});

test.each(STREAMS.filter(({ stream }) => !stream.raises && stream.steps.every(({ text }) => text !== undefined)))(
  '$name, $key ends with the text NeMo streams, and commits a growing prefix',
  async ({ name, key, stream, stream: { att_context_size: context, steps } }) => {
    const golden = openGolden(name);
    const model = await open(golden);
    if (model.parts.spec.ctc && model.parts.spec.transducer)
      await model.changeDecodingStrategy(undefined, { decoderType: key.includes('.ctc.') ? 'ctc' : 'rnnt' });
    const samples = samplesOf(golden, stream);

    const updates: StreamUpdate[] = [];
    const opened = await model.openStream({ attContextSize: context }, (update) => updates.push(update));
    for (let from = 0; from < samples.length; from += 1700) await opened.push(samples.slice(from, from + 1700));
    const hypothesis = await opened.finish();

    if (isSameAsOffline(golden)) {
      model.setDefaultAttContextSize(context);
      const [offline] = await model.transcribe([floatWav(samples)]);
      expect(hypothesis.text).toBe(offline?.hypothesis.text);
    }
    // NeMo's simulator drops the very last encoder frame, or adds one of the padding column: its last text may differ.
    const texts = updates.map(({ committed, draft }) => (committed + draft).trim());
    const wanted = steps.slice(0, -1).map(({ text }) => text?.trim());
    if (hasOwnSteps(golden)) expect(wanted).toEqual(expect.arrayContaining(texts.slice(0, -2)));
    else expect(texts.slice(0, wanted.length)).toEqual(wanted);
    updates.reduce((previous, update) => {
      expect(update.committed.startsWith(previous)).toBe(true);
      return update.committed;
    }, '');
    expect(updates.at(-1)).toMatchObject({ committed: hypothesis.text, draft: '', isFinal: true });
  },
);

test('a beam is refused, whichever head has it, with what to do', async () => {
  const model = await open(openGolden('fastconformer-streaming-hybrid'));
  for (const [decoderType, strategy] of [
    ['rnnt', 'malsd_batch'],
    ['ctc', 'beam_batch'],
  ] as const) {
    await model.changeDecodingStrategy({ strategy }, { decoderType });
    await expect(model.openStream({}, () => undefined)).rejects.toMatchObject({
      code: 'unsupported-option',
      message: expect.stringMatching(/not with strategy ".*"; change the strategy to "greedy_batch"/),
    });
  }
  await model.changeDecodingStrategy({ strategy: 'greedy_batch' }, { decoderType: 'ctc' });
  await (await model.openStream({}, () => undefined)).cancel();
  await model.dispose();
});

/** Norms over time and subsamplings that look ahead see less of a chunk than of the clip. */
function isSameAsOffline({ json }: Golden): boolean {
  const encoder = json['encoder'] as { conv_norm_type: string; causal_downsampling: boolean } | undefined;
  return !encoder || (encoder.causal_downsampling && ['layer_norm', 'batch_norm'].includes(encoder.conv_norm_type));
}

/** NeMo looks ahead anew for every frame, we for many. */
function hasOwnSteps({ json }: Golden): boolean {
  const encoder = json['encoder'] as { att_context_style: string; att_context_size: number[] | number[][] } | undefined;
  return (
    encoder?.att_context_style === 'regular' &&
    encoder.att_context_size.flat().some((size, at) => at % 2 === 1 && size > 0)
  );
}
