import { expect, test } from 'vitest';

import type { Hypothesis } from '../base/hypothesis.ts';
import { createVocabularyTokenizer } from '../tokenizer/vocabulary.ts';
import { joinTexts, joinWindows } from './join-windows.ts';
import { toTimestamps } from './timestamps.ts';
import { idsToTranscript, supportedPunctuation } from './token-text.ts';

const time = { windowStride: 0.01, subsamplingFactor: 8 };
const tokenizer = createVocabularyTokenizer(['▁and', '▁so', '▁my', '.']);

function hypothesisOf(ids: number[], frames: number[], length: number): Hypothesis {
  const emissions = ids.map((token, i) => ({ token, frame: frames[i]!, duration: 1, logProb: -1 }));
  return {
    text: idsToTranscript(ids, tokenizer, supportedPunctuation(tokenizer.pieces)),
    score: -ids.length,
    ySequence: ids,
    tokens: tokenizer.idsToTokens(ids),
    timestamp: toTimestamps(emissions, { ...time, tokenizer, decoder: 'rnnt' }),
    length,
    tokenConfidence: ids.map(() => 0.5),
  };
}

test('windows cut at a word give what one piece gives, a sentence over the cut included', () => {
  const whole = hypothesisOf([0, 1, 2, 3, 0], [1, 8, 14, 17, 25], 30);
  const first = { hypothesis: hypothesisOf([0, 1], [1, 8], 10), frameOffset: 0 };
  const second = { hypothesis: hypothesisOf([2, 3, 0], [4, 7, 15], 20), frameOffset: 10 };
  expect(joinWindows([first, second], time)).toEqual(whole);
});

test('silent windows leave no trace in the text', () => {
  const silent = { hypothesis: hypothesisOf([], [], 10), frameOffset: 10 };
  const joined = joinWindows([{ hypothesis: hypothesisOf([0], [1], 10), frameOffset: 0 }, silent], time);
  expect(joined).toMatchObject({ text: 'and', length: 20 });
  expect(joinWindows([], time)).toMatchObject({ text: '', length: 0, ySequence: [] });
});

test('scripts without spaces are joined without one', () => {
  expect(joinTexts(['今日は', ' 天気です', 'ok', ''])).toBe('今日は天気です ok');
});
