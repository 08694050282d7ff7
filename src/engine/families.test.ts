/** Every family through the whole engine: what NeMo's transcribe() gave, one by one and as a batch (WASM, Node). */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';

const CASES: readonly (readonly [name: string, key: string, head?: 'ctc' | 'rnnt'])[] = [
  ['quartznet-ctc-char', 'timestamps'],
  ['jasper-ctc', 'timestamps'],
  ['citrinet-ctc-bpe', 'timestamps'],
  ['contextnet-rnnt-bpe', 'timestamps'],
  ['conformer-ctc-char', 'timestamps'],
  ['conformer-ctc-bpe', 'timestamps'],
  ['conformer-ctc-wpe', 'timestamps'],
  ['conformer-rnnt-bpe', 'timestamps'],
  ['conformer-rnnt-char', 'timestamps'],
  ['fastconformer-local-attn', 'timestamps'],
  ['squeezeformer-ctc-bpe', 'greedy'],
  ['stateless-rnnt-bpe', 'timestamps'],
  ['multiblank-rnnt-bpe', 'timestamps'],
  ['eou-rnnt-streaming', 'timestamps'],
];

test.each(CASES)('%s: text, ids, score and words equal NeMo (%s)', async (name, key, head) => {
  const golden = openGolden(name);
  const model = await loadModel(
    { kind: 'file', file: golden.archive(), name: `${name}.nemo` },
    { device: 'wasm', cache: false },
  );
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  if (head) await model.changeDecodingStrategy(undefined, { decoderType: head });
  const expected = golden.transcripts(key);
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
