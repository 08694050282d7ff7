/** Canary's timestamps from the second model of its archive, against NeMo (case `canary-aligned`; WASM, Node). */
import { expect, test } from 'vitest';
import { alignedFiles } from '../../e2e/support/aligned-archive.ts';
import { type GoldenHypothesis, openGolden } from '../../e2e/support/golden.ts';
import { openArchive } from '../archive/open-archive.ts';
import { writeTar } from '../archive/write-tar.ts';
import type { Timestamp } from '../base/hypothesis.ts';
import { alignStates, withBlanks } from '../decoding/forced-alignment.ts';
import { readSentencePiece } from '../tokenizer/sentencepiece-model.ts';
import { createSentencePieceTokenizer } from '../tokenizer/sentencepiece.ts';
import { cutText, toAlignedTimestamps } from '../text/aligned-timestamps.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';

const golden = openGolden('canary-aligned');
const main = openGolden(String(golden.json['main']));
const aligner = openGolden(String(golden.json['aligner']));

/** The archive of two models whose second one is `aligner`. */
const compose = (aligner: Blob) => alignedFiles(main.archive(), aligner);

async function load(files: Map<string, Blob>): Promise<LoadedModel> {
  const source = { kind: 'file', file: writeTar(files), name: 'aligned.nemo' } as const;
  return (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
}

type Stamps = Required<Pick<Timestamp, 'word' | 'segment'>>;
type Answer = { readonly word: readonly Stamp[]; readonly segment: readonly Stamp[] };
type Stamp = Readonly<Record<string, string | number>>;

function expectStamps(ours: Stamps, theirs: Answer): void {
  for (const kind of ['word', 'segment'] as const) {
    expect(
      ours[kind].map((span) => [Reflect.get(span, kind), span.startOffset, span.endOffset, span.start, span.end]),
    ).toEqual(theirs[kind].map((one) => [one[kind], one['start_offset'], one['end_offset'], one['start'], one['end']]));
  }
}

const TEXTS = Object.entries(golden.json['texts'] as Record<string, { text: string; timestamp: Answer }>);

test.each(TEXTS)('%s: words and segments stand where NeMo puts them', async (_, { text, timestamp }) => {
  const files = await openArchive(aligner.archive());
  const [, model] = [...files].find(([name]) => name.endsWith('tokenizer.model'))!;
  const tokenizer = createSentencePieceTokenizer(readSentencePiece(new Uint8Array(await model.arrayBuffer())));
  const { data, shape } = aligner.logProbs(0);
  const [numFrames = 0, numClasses = 0] = shape;
  const cut = cutText(text, numFrames, { ...tokenizer, unknown: tokenizer.pieces.indexOf('<unk>') });
  const path = alignStates({ logProbs: data, numFrames, numClasses }, withBlanks(cut.tokens, numClasses - 1));
  expectStamps(toAlignedTimestamps(cut, path, 0.01 * 4), timestamp);
});

test('an archive of two models gives the text of one and the times of the other, for files and arrays', async () => {
  const model = await load(await compose(aligner.archive()));
  const sources = {
    single: golden.inputs.map(({ file }) => file),
    from_arrays: golden.inputs.map(({ samples }) => samples),
  };
  for (const [key, audio] of Object.entries(sources)) {
    const expected = golden.json[key] as GoldenHypothesis[];
    const results = await model.transcribe(audio, { timestamps: true });
    results.forEach(({ hypothesis }, index) => {
      const theirs = expected[index]!;
      expect(hypothesis.text).toBe(theirs.text.trim());
      expect(hypothesis.ySequence).toEqual(theirs.y_sequence);
      expectStamps(hypothesis.timestamp as Stamps, theirs.timestamp as unknown as Answer);
    });
  }
  const [plain] = await model.transcribe([golden.inputs[0]!.file]);
  expect(plain!.hypothesis.timestamp.word).toBeUndefined();
  expect([...(await model.exportOnnx()).keys()]).toContain('aligner/ctc.onnx');
  await model.dispose();
});

test('windows of a long recording have their words where the recording has them', async () => {
  const model = await load(await compose(aligner.archive()));
  const clip = golden.inputs[0]!.samples;
  const samples = new Float32Array(50 * 16_000);
  samples.set(clip);
  samples.set(clip, 40 * 16_000);
  const [result] = await model.transcribe([samples], { timestamps: true, long: 'buffered' });
  const [second] = await model.transcribe([samples.slice(40 * 16_000)], { timestamps: true });
  const { word, segment } = result!.hypothesis.timestamp as Stamps;
  const own = second!.hypothesis.timestamp.word!;
  expect(word.slice(-own.length).map(({ word: text, start, startOffset }) => [text, start, startOffset])).toEqual(
    own.map(({ word: text, start, startOffset }) => [text, Number((start + 40).toFixed(2)), startOffset + 1000]),
  );
  expect(segment.map((stamp) => stamp.segment).join(' ')).toBe(result!.hypothesis.text);
  await model.dispose();
});

test('a second model is not opened where the configuration says so, and refused where it cannot align', async () => {
  const files = await compose(aligner.archive());
  const config = await files.get('model_config.yaml')!.text();
  files.set('model_config.yaml', new Blob([`restore_timestamps_model: false\n${config}`]));
  const without = await load(files);
  expect(without.parts.aligner).toBeUndefined();
  await without.dispose();
  await expect(load(await compose(openGolden('fastconformer-rnnt-bpe').archive()))).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(/timestamps_asr_model_config.yaml.*EncDecRNNTBPEModel.*CTC head/),
  });
});
