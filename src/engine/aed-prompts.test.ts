/** What Canary is asked: prompts, slots, languages, as NeMo encodes and answers them (WASM, Node). */
import { expect, test } from 'vitest';
import { CASES, TAUGHT, compare, open } from '../../e2e/support/canary.ts';
import { promptsOf, toOptions } from '../../e2e/support/canary-prompts.ts';
import { type GoldenHypothesis, openGolden, openInput } from '../../e2e/support/golden.ts';
import { createAedRequest } from './aed-request.ts';
import type { LoadedModel } from './asr-model.ts';
import type { TranscribeOptions } from './options.ts';

test.each(CASES)('%s: prompts have the ids NeMo gives them', async (name) => {
  const golden = openGolden(name);
  const { parts } = await open(golden);
  for (const { transcribe_arguments: slots, context_ids: context } of Object.values(promptsOf(golden))) {
    const { aed } = parts.spec;
    expect(aed && createAedRequest(aed, parts.tokenizer, toOptions(slots)).prompt).toEqual(context);
  }
});

test.each(CASES)('%s: every slot counts, as for NeMo with arrays', async (name) => {
  const golden = openGolden(name);
  const model = await open(golden);
  const answers = golden.json['from_arrays_by_prompt'] as Record<
    string,
    readonly GoldenHypothesis[] | { raises: string }
  >;
  for (const [promptName, expected] of Object.entries(answers)) {
    const prompt = promptsOf(golden)[promptName];
    if (!Array.isArray(expected) || !prompt) continue; // refused, by NeMo for arrays or for files
    const options = toOptions(prompt.transcribe_arguments);
    const ours = await model.transcribe(
      golden.inputs.map((input) => input.samples),
      options,
    );
    ours.forEach(({ hypothesis }, index) => compare(hypothesis, expected[index]));
  }
});

test('arrays, German, and the defaults of the checkpoint', async () => {
  for (const name of TAUGHT) {
    const golden = openGolden(name);
    const model = await open(golden);
    const arrays = await model.transcribe(golden.inputs.map((input) => input.samples));
    const expected = golden.json['from_arrays'] as GoldenHypothesis[];
    arrays.forEach(({ hypothesis }, index) => compare(hypothesis, expected[index]));
    const [german] = await model.transcribe([openInput('wetter').file], {
      sourceLang: 'de',
      targetLang: 'de',
      pnc: true,
    });
    const { results } = golden.json['manifest'] as { results: GoldenHypothesis[] };
    compare(german?.hypothesis, results[2]);
  }
});

test('slots that the format or the checkpoint lacks are refused, with what it has', async () => {
  const canary = await open(openGolden('canary-aed'));
  const canary2 = await open(openGolden('canary2-aed'));
  const { samples } = openInput('forty');
  expect(canary2.info).toMatchObject({ languages: ['en', 'de', 'es', 'fr'], decoders: ['aed'] });
  const ask = (model: LoadedModel, options: TranscribeOptions) => model.transcribe([samples], options);
  await expect(ask(canary, { timestamps: true })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('canary2'),
  });
  await expect(ask(canary, { prompt: { itn: true } })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('source_lang, task, target_lang, pnc'),
  });
  await expect(ask(canary, { task: 'sing' })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('transcribe'),
  });
  await expect(ask(canary2, { pnc: 'perhaps' })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('nopnc'),
  });
  await expect(ask(canary2, { targetLang: 'it' })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('en, de, es, fr'),
  });
  await expect(ask(canary2, { prompt: { emotion: 'bored' } })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('<|emo:sad|>'),
  });
  await expect(canary.changeDecodingStrategy({ strategy: 'tsd' })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('greedy, greedy_batch, beam'),
  });
});
