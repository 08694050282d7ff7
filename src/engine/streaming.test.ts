/** Cache-aware streaming against NeMo: encoder outputs step by step, and the text in the end. */
import { expect, test } from 'vitest';
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
    const [offline] = await model.transcribe([new Blob([wavOf(samples)])]);
    expect(hypothesis.text).toBe(offline?.hypothesis.text);
    // NeMo's simulator may drop the very last encoder frame, so its last text can lack the end of ours.
    const last = (steps.at(-1) as { text: string }).text.trim();
    expect(hypothesis.text.trim().startsWith(last.slice(0, -2))).toBe(true);
    updates.reduce((previous, update) => {
      expect(update.committed.startsWith(previous)).toBe(true);
      return update.committed;
    }, '');
    expect(updates.at(-1)).toMatchObject({ committed: hypothesis.text, draft: '', isFinal: true });
  },
);

function wavOf(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 4));
  const text = (at: number, value: string) =>
    [...value].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 3, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 16000, true);
  view.setUint32(28, 64000, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 32, true);
  text(36, 'data');
  view.setUint32(40, samples.length * 4, true);
  new Float32Array(view.buffer, 44).set(samples);
  return view.buffer;
}
