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

test('alignments of windows become those of the recording', () => {
  const ctc = (numFrames: number, first: number): Hypothesis => ({
    ...hypothesisOf([0], [0], numFrames),
    alignments: {
      logProbs: Float32Array.from({ length: 5 * numFrames }, (_, index) => first + index),
      labels: Int32Array.from({ length: numFrames }, (_, index) => first + index),
      numFrames,
    },
  });
  const steps = [[{ logProbs: Float32Array.of(-1), label: 1 }], []];
  const transducer: Hypothesis = { ...hypothesisOf([0], [0], 2), alignments: steps };
  const joined = joinWindows(
    [
      { hypothesis: ctc(2, 0), frameOffset: 0 },
      { hypothesis: ctc(1, 10), frameOffset: 2 },
    ],
    time,
  );
  expect(joined.alignments).toEqual({
    logProbs: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
    labels: Int32Array.of(0, 1, 10),
    numFrames: 3,
  });
  const windows = [0, 2].map((frameOffset) => ({ hypothesis: transducer, frameOffset }));
  expect(joinWindows(windows, time).alignments).toEqual([...steps, ...steps]);
});

test('scripts without spaces are joined without one', () => {
  expect(joinTexts(['今日は', ' 天気です', 'ok', ''])).toBe('今日は天気です ok');
});
