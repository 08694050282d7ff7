/** Live recognition with boosted phrases: what is heard chunk by chunk equals what is heard at once. */
import { expect, test } from 'vitest';
import { openModel } from '../../e2e/support/decoding.ts';
import { openGolden } from '../../e2e/support/golden.ts';

const golden = openGolden('fastconformer-streaming-hybrid');
const CONFIG = {
  greedy: { boosting_tree: { key_phrases_list: ['forty', 'sun', 'dear'], unk_score: -0.2 }, boosting_tree_alpha: 1.5 },
};

test.each(['ctc', 'rnnt'] as const)('%s: a stream is fused as a transcription is', async (decoderType) => {
  const model = await openModel(golden);
  await model.changeDecodingStrategy(CONFIG, { decoderType });
  for (const { samples, file } of golden.inputs) {
    const stream = await model.openStream({}, () => {});
    for (let from = 0; from < samples.length; from += 4000) await stream.push(samples.slice(from, from + 4000));
    const live = await stream.finish();
    const [offline] = await model.transcribe([file]);
    expect(live.ySequence).toEqual(offline?.hypothesis.ySequence);
    expect(live.score).toBeCloseTo(offline?.hypothesis.score as number, 2);
  }
});
