import { describe, expect, it } from 'vitest';
import { type FrontendCase, oracle, readArray } from '../../e2e/fixtures/audio/read-oracle.ts';
import { type MelConfig, MelExtractor, type MelFeatures, melLength, MelStream } from './mel.ts';
import { makeWindow, type WindowName } from './window.ts';

const cases = Object.entries(oracle.frontend).filter(([name]) => !name.startsWith('mfcc'));
const mel80 = toConfig(oracle.frontend['mel80']!);
const clip = readArray('signal.16000.clip');

// NeMo works in float32: normalised features differ by 2e-4 at most, others by 4e-4, where a band holds nothing but rounding
// noise. These three show that noise enlarged: NeMo in float64 is as far from NeMo in float32.
const NOISY = new Map([
  ['guard-add-tiny.chirp', 0.8],
  ['magnitude.chirp', 0.08],
  ['no-mel-norm.chirp', 2e-3],
]);

describe('MelExtractor', () => {
  for (const [name, entry] of cases) {
    it(`gives NeMo's features for ${name}`, () => {
      const config = toConfig(entry);
      const extractor = new MelExtractor(config);
      for (const [signal, { length, columns }] of Object.entries(entry.outputs)) {
        const features = extractor.extract(readArray(`signal.${config.sampleRate}.${signal}`));
        const tolerance = NOISY.get(`${name}.${signal}`) ?? (config.normalize === 'none' ? 1e-3 : 3e-4);
        expect(features.numFrames).toBe(length);
        expectColumns(features, readArray(`${name}.${signal}`), columns, tolerance);
      }
    });
    it(`counts frames as NeMo for ${name}`, () => {
      const config = toConfig(entry);
      for (const [numSamples, length] of Object.entries(entry.lengths ?? {}))
        expect(melLength(Number(numSamples), config)).toBe(Math.max(0, length));
    });
  }

  it('gives as many frames as NeMo for signals around one hop and one window', () => {
    const frames = [0, 1, 159, 160, 399, 400, 401].map(
      (n) => new MelExtractor(mel80).extract(clip.slice(0, n)).numFrames,
    );
    expect(frames).toEqual([0, 0, 0, 1, 2, 2, 2]);
  });

  it("gives NeMo's features for one to three frames, where a deviation hardly exists", () => {
    for (const numSamples of [160, 161, 320, 480]) {
      const features = new MelExtractor(mel80).extract(clip.slice(oracle.shortOffset, oracle.shortOffset + numSamples));
      const columns = Array.from({ length: features.numFrames }, (_, i) => i);
      expectColumns(features, readArray(`short.${numSamples}`), columns, 3e-4);
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
    const expected = readArray(`${name}.window`);
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

function toConfig({ config, windowLength, hopLength, nFft }: FrontendCase): MelConfig {
  const get = <T>(key: string, fallback: T) => (config[key] === undefined ? fallback : (config[key] as T));
  const normalize = config['normalize'] as string | { fixed_mean: number[]; fixed_std: number[] };
  return {
    sampleRate: get('sample_rate', 16_000),
    windowLength,
    hopLength,
    nFft,
    window: get<WindowName>('window', 'hann'),
    numMels: get('features', 64),
    lowFreq: get('lowfreq', 0),
    highFreq: get<number | null>('highfreq', null),
    preemphasis: get<number | null>('preemph', 0.97),
    log: get('log', true),
    logZeroGuardType: get<'add' | 'clamp'>('log_zero_guard_type', 'add'),
    logZeroGuardValue: get<number | 'tiny' | 'eps'>('log_zero_guard_value', 2 ** -24),
    normalize:
      typeof normalize === 'object'
        ? { fixedMean: normalize.fixed_mean, fixedStd: normalize.fixed_std }
        : normalize === 'per_feature' || normalize === 'all_features'
          ? normalize
          : 'none',
    padTo: get('pad_to', 0),
    padValue: get('pad_value', 0),
    frameSplicing: get('frame_splicing', 1),
    exactPad: get('exact_pad', false),
    magPower: get('mag_power', 2),
    melNorm: get<'slaney' | null>('mel_norm', 'slaney'),
  };
}

function expectColumns(
  { data, numFeatures, numFrames }: MelFeatures,
  expected: Float32Array,
  columns: readonly number[],
  tolerance: number,
): void {
  let worst = 0;
  for (let row = 0; row < numFeatures; row++)
    columns.forEach((column, i) => {
      worst = Math.max(worst, Math.abs(data[row * numFrames + column]! - expected[row * columns.length + i]!));
    });
  expect(expected.length).toBe(numFeatures * columns.length);
  expect(worst).toBeLessThan(tolerance);
}

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
