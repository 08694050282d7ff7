import { describe, expect, it } from 'vitest';
import { maxDifference, openGolden } from '../../e2e/support/golden.ts';
import { type MelConfig, MelExtractor, type MelFeatures, MelStream } from './mel.ts';
import { makeWindow, type WindowName } from './window.ts';

const golden = openGolden('frontend');
const clip = golden.array('signal.16000.clip').data;
const mel80: MelConfig = {
  sampleRate: 16_000,
  windowLength: 400,
  hopLength: 160,
  nFft: 512,
  window: 'hann',
  numMels: 80,
  lowFreq: 0,
  highFreq: null,
  preemphasis: 0.97,
  log: true,
  logZeroGuardType: 'add',
  logZeroGuardValue: 2 ** -24,
  normalize: 'per_feature',
  padTo: 0,
  padValue: 0,
  frameSplicing: 1,
  exactPad: false,
  magPower: 2,
  melNorm: 'slaney',
};

// Every option is compared with NeMo's features in src/model/front-end-goldens.test.ts, which reads it as a checkpoint has it.
describe('MelExtractor', () => {
  it('gives as many frames as NeMo for signals around one hop and one window', () => {
    const frames = [0, 1, 159, 160, 399, 400, 401].map(
      (n) => new MelExtractor(mel80).extract(clip.slice(0, n)).numFrames,
    );
    expect(frames).toEqual([0, 0, 0, 1, 2, 2, 2]);
  });

  it("gives NeMo's features for one to three frames, where a deviation hardly exists", () => {
    const { clip_offset: offset } = golden.json['very_short'] as { clip_offset: number };
    for (const numSamples of [160, 161, 320, 480]) {
      const features = new MelExtractor(mel80).extract(clip.slice(offset, offset + numSamples));
      const theirs = golden.array(`mel80.first-${numSamples}-samples`);
      const shape = [features.numFeatures, features.numFrames];
      expect(maxDifference({ shape, data: features.data }, theirs, features.numFrames)).toBeLessThan(3e-4);
    }
  });

  it('gives finite features for digital silence', () => {
    const { data } = new MelExtractor(mel80).extract(new Float32Array(3200));
    expect(data.every((value) => Math.abs(value) < 1)).toBe(true);
  });

  it('takes the window and the filterbank of a checkpoint before its own', () => {
    const filterbank = new Float32Array(80 * 257);
    const window = new Float32Array(400);
    const guard = Math.fround(Math.log(2 ** -24));
    const withBank = new MelExtractor({ ...mel80, normalize: 'none', filterbank }).extract(clip);
    const withWindow = new MelExtractor({ ...mel80, normalize: 'none', window }).extract(clip);
    expect(withBank.data.every((value) => value === guard)).toBe(true);
    expect(withWindow.data.every((value) => value === guard)).toBe(true);
  });

  it('refuses what cannot be built, naming it', () => {
    const broken: Partial<MelConfig>[] = [
      { nFft: 256 },
      { hopLength: 0 },
      { numMels: 0.5 },
      { exactPad: true, hopLength: 161 },
      { filterbank: new Float32Array(3) },
      { window: new Float32Array(3) },
      { normalize: { fixedMean: [1], fixedStd: [1] } },
    ];
    for (const change of broken)
      expect(() => new MelExtractor({ ...mel80, ...change })).toThrow(
        expect.objectContaining({ code: 'checkpoint-unsupported' }),
      );
  });
});

describe('makeWindow', () => {
  it.each(['mel80', 'hamming', 'blackman', 'bartlett'])("makes torch's window for %s", (name) => {
    const window = makeWindow((name === 'mel80' ? 'hann' : name) as WindowName, 400);
    const expected = golden.array(`${name}.window`).data;
    expect(Math.max(...window.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(2e-7); // one float32 rounding
  });
});

describe('MelStream', () => {
  const configs: Record<string, MelConfig> = {
    plain: { ...mel80, normalize: 'none' },
    'exact padding': { ...mel80, normalize: 'none', exactPad: true },
    'no pre-emphasis and exact padding': { ...mel80, normalize: 'none', exactPad: true, preemphasis: null },
    'a transform of 400': { ...mel80, normalize: 'none', nFft: 400 },
    'a hop longer than the window': { ...mel80, normalize: 'none', hopLength: 640 },
    'fixed statistics': { ...mel80, normalize: { fixedMean: Array(80).fill(-7), fixedStd: Array(80).fill(2) } },
  };
  for (const [name, config] of Object.entries(configs)) {
    it(`gives the columns of the whole signal with ${name}`, () => {
      for (const numSamples of [0, 1, 159, 160, 399, 400, 401, 11_200]) {
        const signal = clip.slice(0, numSamples);
        expect(streamed(config, signal)).toEqual(new MelExtractor(config).extract(signal));
      }
    });
  }

  it('holds a frame back only while later samples can change it', () => {
    const stream = new MelStream(configs['plain']!);
    // Frame f is centred on sample 160 f and reads 200 samples further.
    expect(stream.push(clip.slice(0, 199)).numFrames).toBe(0);
    expect(stream.push(clip.slice(199, 200)).numFrames).toBe(1);
    expect(stream.push(clip.slice(200, 1800)).numFrames).toBe(10);
    expect(stream.finish().numFrames).toBe(0);
  });
});

/** The pieces of a stream, fed in steps of changing size, put together. */
function streamed(config: MelConfig, signal: Float32Array): MelFeatures {
  const stream = new MelStream(config);
  const pieces: MelFeatures[] = [];
  for (let at = 0, step = 1; at < signal.length; at += step, step = (7 * step + 3) % 613)
    pieces.push(stream.push(signal.slice(at, at + step)));
  pieces.push(stream.finish());
  const numFrames = pieces.reduce((sum, piece) => sum + piece.numFrames, 0);
  const data = new Float32Array(stream.numFeatures * numFrames);
  for (let row = 0; row < stream.numFeatures; row++) {
    let at = row * numFrames;
    for (const piece of pieces) {
      data.set(piece.data.subarray(row * piece.numFrames, (row + 1) * piece.numFrames), at);
      at += piece.numFrames;
    }
  }
  return { data, numFeatures: stream.numFeatures, numFrames };
}
