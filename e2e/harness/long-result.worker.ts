/**
 * The product's half of the protocol before an engine that answers at once with three hours of words: what such a result costs the page, without
 * three hours of recognition before it.
 */
import { expose } from 'comlink';
import type { CharStamp, Hypothesis, SegmentStamp, WordStamp } from '../../src/base/hypothesis.ts';
import type { EngineModel } from '../../src/engine/engine-model.ts';
import type { ModelInfo, ModelReport } from '../../src/engine/options.ts';
import { serveEngine } from '../../src/rpc/serve.ts';

const SECONDS = 3 * 3600;
const WORDS_A_SECOND = 2.5;
const VOCABULARY = ['the', 'river', 'was', 'cold', 'but', 'listeners', 'stay', 'with', 'us', 'forever'];
const FRAME_SECONDS = 0.08;

const info: ModelInfo = {
  name: 'three hours',
  className: 'EncDecRNNTBPEModel',
  decoders: ['rnnt'],
  sampleRate: 16000,
  numParameters: 1e6,
  vocabularySize: 28,
  frameSeconds: FRAME_SECONDS,
  attContextSizes: [],
  languages: [],
};
const report: ModelReport = {
  requested: 'wasm',
  device: 'wasm',
  decoderDevice: 'wasm',
  precision: 'fp32',
  arithmetic: 'fp32',
  reason: 'WASM was asked for.',
  adapter: '',
  numThreads: 1,
  seconds: { open: 0, convert: 0, session: 0 },
  fromCache: true,
  weightBytes: 4e6,
};

/** As a transducer over characters gives it: a stamp a character, a word and a sentence, a number a token. */
function threeHours(): Hypothesis {
  const word: WordStamp[] = [];
  const char: CharStamp[] = [];
  const segment: SegmentStamp[] = [];
  for (let index = 0; index < SECONDS * WORDS_A_SECOND; index++) {
    const isLast = index % 14 === 13;
    const text = `${VOCABULARY[index % VOCABULARY.length]}${isLast ? '.' : ''}`;
    const start = index / WORDS_A_SECOND;
    word.push({ word: text, ...span(start, start + 0.3) });
    for (const [at, letter] of [...text].entries())
      char.push({ char: [letter], ...span(start + at * 0.04, start + at * 0.04 + 0.04) });
    if (isLast)
      segment.push({
        segment: word
          .slice(-14)
          .map((stamp) => stamp.word)
          .join(' '),
        ...span(start - 5, start + 0.3),
      });
  }
  return {
    text: word.map((stamp) => stamp.word).join(' '),
    score: -1,
    ySequence: char.map((_, index) => index % 28),
    tokens: char.map((stamp) => stamp.char[0] as string),
    timestamp: { timestep: char.map(({ startOffset }) => startOffset), char, word, segment },
    length: SECONDS / FRAME_SECONDS,
  };
}

function span(start: number, end: number) {
  return { startOffset: Math.round(start / FRAME_SECONDS), endOffset: Math.round(end / FRAME_SECONDS), start, end };
}

const model: EngineModel = {
  info,
  report,
  cfg: {},
  transcribe: async () => [{ hypothesis: threeHours(), duration: SECONDS, long: 'pauses' }],
  openStream: () => Promise.reject(new Error('only files')),
  dispose: async () => {},
};

expose(
  serveEngine({
    loadModel: async () => model,
    measureRemote: async () => ({ name: info.name, bytes: 1 }),
    listStored: async () => [],
    deleteStored: async () => {},
  }),
);
