/** Cache-aware streaming against NeMo: encoder outputs step by step, and the text in the end. */
import { expect, test } from 'vitest';
import { floatWav } from '../../e2e/support/float-wav.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import type { StreamUpdate } from './options.ts';

const golden = openGolden('fastconformer-streaming-hybrid');
type Stream = {
  input: string;
  att_context_size: [number, number];
  pad_and_drop_preencoded: boolean;
  steps: { text: string }[];
};
const streams = Object.entries(golden.json['streams'] as Record<string, Stream>).filter(
  ([, stream]) => !stream.pad_and_drop_preencoded,
);

test.each(streams.map(([name]) => name))(
  '%s ends with the text NeMo streams, and commits a growing prefix',
  async (name) => {
    const { input, att_context_size, steps } = (golden.json['streams'] as Record<string, Stream>)[name] as Stream;
    const model = await loadModel(
      { kind: 'file', file: golden.archive(), name: 'streaming.nemo' },
      { device: 'wasm', cache: false },
    );
    if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
    await model.changeDecodingStrategy(undefined, { decoderType: name.includes('.ctc.') ? 'ctc' : 'rnnt' });
    const { samples } = golden.inputs.find((clip) => clip.name === input) as (typeof golden.inputs)[number];

    const updates: StreamUpdate[] = [];
    const stream = await model.openStream({ attContextSize: att_context_size }, (update) => updates.push(update));
    for (let from = 0; from < samples.length; from += 1700) await stream.push(samples.slice(from, from + 1700));
    const hypothesis = await stream.finish();

    model.setDefaultAttContextSize(att_context_size);
    const [offline] = await model.transcribe([floatWav(samples)]);
    expect(hypothesis.text).toBe(offline?.hypothesis.text);
    // NeMo's simulator drops the very last encoder frame, or adds one of the padding column: its last text may differ.
    const texts = updates.map(({ committed, draft }) => (committed + draft).trim());
    const wanted = steps.map(({ text }) => text.trim());
    expect(texts.slice(0, wanted.length - 1)).toEqual(wanted.slice(0, -1));
    updates.reduce((previous, update) => {
      expect(update.committed.startsWith(previous)).toBe(true);
      return update.committed;
    }, '');
    expect(updates.at(-1)).toMatchObject({ committed: hypothesis.text, draft: '', isFinal: true });
  },
);
