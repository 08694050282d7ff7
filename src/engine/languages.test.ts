/** Models of several languages: aggregate tokenizers tell the language of what was said, prompts tell the model (WASM, Node). */
import { expect, test } from 'vitest';
import { type GoldenHypothesis, TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';

async function open(name: string): Promise<LoadedModel> {
  const file = openGolden(name).archive();
  const model = await loadModel({ kind: 'file', file, name: `${name}.nemo` }, { device: 'wasm', cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

function expectSame(ours: Hypothesis | undefined, theirs: GoldenHypothesis): void {
  expect(ours?.text).toBe(theirs.text);
  if (theirs.y_sequence) expect(ours?.ySequence).toEqual(theirs.y_sequence);
  const tolerance = TOLERANCE.score * Math.max(1, ours?.ySequence.length ?? 1);
  expect(Math.abs((ours?.score ?? Number.NaN) - theirs.score)).toBeLessThan(tolerance);
  const stamps = theirs.timestamp;
  if (stamps && 'word' in stamps)
    expect(ours?.timestamp.word?.map(({ word, startOffset, endOffset }) => [word, startOffset, endOffset])).toEqual(
      stamps.word.map(({ word, start_offset, end_offset }) => [word, start_offset, end_offset]),
    );
}

test.each(['agg-codeswitch-ctc', 'agg-codeswitch-rnnt'])('%s: text, ids, score and words equal NeMo', async (name) => {
  const golden = openGolden(name);
  const model = await open(name);
  const { single } = golden.transcripts('timestamps');
  const batch = await model.transcribe(
    golden.inputs.map((input) => input.file),
    { timestamps: true },
  );
  expect(model.info.languages).toEqual(golden.json['tokenizer_langs']);
  single.forEach((theirs, index) => expectSame(batch[index]?.hypothesis, theirs));
});

type LanguageOfIds = {
  readonly ids: readonly number[];
  readonly lang: string;
  readonly text_and_langs: readonly { readonly char: string; readonly lang: string }[];
  readonly words_and_langs: readonly { readonly word: string; readonly lang: string }[];
};

test('the hypothesis tells the language of every token, of every word and of the whole', async () => {
  const golden = openGolden('agg-codeswitch-rnnt');
  const model = await open('agg-codeswitch-rnnt');
  const expected = golden.json['language_of_ids'] as LanguageOfIds[];
  const results = await model.transcribe(golden.inputs.map((input) => input.file));
  for (const { ids, lang, text_and_langs, words_and_langs } of expected) {
    const found = results.find(({ hypothesis }) => hypothesis.ySequence.join() === ids.join());
    expect(found?.hypothesis.langs).toBe(lang);
    expect(found?.hypothesis.langsChars).toEqual(text_and_langs);
    expect(found?.hypothesis.langsWords).toEqual(words_and_langs);
  }
});

test.each(['prompt-hybrid-rnnt-ctc', 'prompt-rnnt-streaming'])('%s follows targetLang', async (name) => {
  const golden = openGolden(name);
  const model = await open(name);
  const clips = golden.inputs.map((input) => input.samples);
  for (const targetLang of ['auto', 'en-US', 'de-DE']) {
    const { single } = golden.transcripts(`greedy.${targetLang}`);
    const results = await model.transcribe(clips, { targetLang });
    single.forEach((theirs, index) => expectSame(results[index]?.hypothesis, theirs));
  }
  const timed = await model.transcribe(clips, { timestamps: true });
  golden.transcripts('timestamps').single.forEach((theirs, index) => expectSame(timed[index]?.hypothesis, theirs));
  await expect(model.transcribe(clips, { targetLang: 'xx-YY' })).rejects.toMatchObject({ code: 'unsupported-option' });
});

type Stream = {
  readonly input: string;
  readonly att_context_size: readonly [number, number];
  readonly pad_and_drop_preencoded: boolean;
  readonly steps: readonly { readonly text: string }[];
};

test.each(['prompt-hybrid-rnnt-ctc', 'prompt-rnnt-streaming'])('%s streams what NeMo streams', async (name) => {
  const golden = openGolden(name);
  const model = await open(name);
  const streams = Object.entries(golden.json['streams'] as Record<string, Stream>);
  for (const [key, { input, att_context_size, pad_and_drop_preencoded, steps }] of streams) {
    // A padded first chunk is a choice of NeMo's simulator that we never make.
    if (pad_and_drop_preencoded) continue;
    if (model.parts.spec.ctc)
      await model.changeDecodingStrategy(undefined, { decoderType: key.includes('.ctc.') ? 'ctc' : 'rnnt' });
    const texts: string[] = [];
    const stream = await model.openStream({ attContextSize: att_context_size }, ({ committed, draft }) =>
      texts.push((committed + draft).trim()),
    );
    const { samples } = openInput(input);
    for (let from = 0; from < samples.length; from += 1700) await stream.push(samples.slice(from, from + 1700));
    await stream.finish();
    // NeMo's simulator drops the very last encoder frame, or adds one of the padding column: its last text may differ.
    const wanted = steps.map(({ text }) => text.trim());
    expect([key, ...texts.slice(0, wanted.length - 1)]).toEqual([key, ...wanted.slice(0, -1)]);
  }
});
