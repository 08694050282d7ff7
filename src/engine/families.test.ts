/** Every family through the whole engine: what NeMo's transcribe() gave, one by one and as a batch (WASM, Node). */
import { expect, test } from 'vitest';
import { TOLERANCE, oddCases, openGolden } from '../../e2e/support/golden.ts';
import { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';

/** NeMo 2.7.3 has no timestamps for Squeezeformer. */
const keyOf = (name: string): string => (name.includes('squeezeformer') ? 'greedy' : 'timestamps');

test.each([
  'quartznet-ctc-char',
  'jasper-ctc',
  'citrinet-ctc-bpe',
  'contextnet-rnnt-bpe',
  'conformer-ctc-char',
  'conformer-ctc-bpe',
  'conformer-ctc-wpe',
  'conformer-rnnt-bpe',
  'conformer-rnnt-char',
  'fastconformer-local-attn',
  'stateless-rnnt-bpe',
  'multiblank-rnnt-bpe',
  'eou-rnnt-streaming',
  'squeezeformer-ctc-bpe',
  ...oddCases('odd-squeezeformer'),
])('%s: text, ids, score and words equal NeMo', async (name) => {
  const golden = openGolden(name);
  const model = await loadModel(
    { kind: 'file', file: golden.archive(), name: `${name}.nemo` },
    { device: 'wasm', cache: false },
  );
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  const expected = golden.transcripts(keyOf(name));
  const files = golden.inputs.map((input) => input.file);
  const batch = await model.transcribe(files, { timestamps: true });
  for (const [index, theirs] of expected.single.entries()) {
    const [single] = await model.transcribe([files[index] as Blob], { timestamps: true });
    for (const ours of [single?.hypothesis, batch[index]?.hypothesis]) {
      expect(ours?.text).toBe(theirs.text);
      if (theirs.y_sequence) expect(ours?.ySequence).toEqual(theirs.y_sequence);
      expect(Math.abs((ours?.score ?? Number.NaN) - theirs.score)).toBeLessThan(
        TOLERANCE.score * Math.max(1, ours?.ySequence.length ?? 1),
      );
      if (theirs.timestamp && 'word' in theirs.timestamp) {
        expect(ours?.timestamp.word?.map(({ word, startOffset, endOffset }) => [word, startOffset, endOffset])).toEqual(
          theirs.timestamp.word.map(({ word, start_offset, end_offset }) => [word, start_offset, end_offset]),
        );
      }
    }
  }
});

test('predictors with norms, projections and several layers transcribe as in NeMo, whose batched decoding refuses some of them', async () => {
  const golden = openGolden('predictor-variants');
  type Answer = { readonly text?: string; readonly score: number; readonly y_sequence: readonly number[] };
  const variants = golden.json['variants'] as Record<string, { readonly greedy?: Answer }>;
  const recorded = Object.entries(variants).filter(([, { greedy }]) => greedy?.text !== undefined);
  expect(recorded.map(([name]) => name)).toEqual(expect.arrayContaining(['batch-norm', 'projected']));
  for (const [name, { greedy }] of recorded) {
    const model = await loadModel(
      { kind: 'file', file: golden.archive(`${name}.nemo`), name: `${name}.nemo` },
      { device: 'wasm', cache: false },
    );
    const [result] = await model.transcribe([golden.inputs[0]!.file]);
    expect(result?.hypothesis.text, name).toBe(greedy!.text);
    expect(result?.hypothesis.ySequence, name).toEqual(greedy!.y_sequence);
    expect(Math.abs(result!.hypothesis.score - greedy!.score)).toBeLessThan(
      TOLERANCE.score * greedy!.y_sequence.length,
    );
    await model.dispose();
  }
});
