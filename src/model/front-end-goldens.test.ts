/** Every option of NeMo's preprocessors, read from a configuration as a checkpoint has it, against NeMo's features (case `frontend`). */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { MelExtractor, type MelFeatures, melLength } from '../audio/mel.ts';
import { MfccExtractor } from '../audio/mfcc.ts';
import { readMfccSpec } from './mfcc-spec.ts';
import { readMelSpec } from './preprocessor-spec.ts';

type Case = {
  readonly class?: string;
  readonly config: Record<string, unknown>;
  readonly outputs: Record<string, { readonly length: number }>;
  readonly sequence_length_of_samples?: Record<string, number>;
};

const golden = openGolden('frontend');
const cases = Object.entries(golden.json['configs'] as Record<string, Case>);
const { _target_: _, ...defaults } = golden.json['defaults'] as Record<string, unknown>;

// NeMo works in float32: normalised features differ by 2e-4 at most, others by 4e-4, where a band holds nothing but rounding
// noise. These show that noise enlarged: NeMo in float64 is as far from NeMo in float32.
const NOISY: Record<string, number> = {
  'guard-add-tiny.chirp': 0.8,
  'magnitude.chirp': 0.08,
  'root-magnitude.chirp': 0.08,
  'no-mel-norm.chirp': 2e-3,
};

test.each(cases.filter(([name]) => !name.startsWith('mfcc')))("mel, %s: NeMo's features and lengths", (name, entry) => {
  // NeMo's pad_to is for batches; transcribe() turns it off, and the columns it adds are no frames.
  const spec = readMelSpec({ ...defaults, ...entry.config });
  const extractor = new MelExtractor(spec);
  for (const [signal, { length }] of Object.entries(entry.outputs)) {
    const ours = extractor.extract(golden.array(`signal.${spec.sampleRate}.${signal}`).data);
    expect(ours.numFrames).toBe(length);
    // Digital silence, normalised, is rounding noise divided by 1e-5.
    const tolerance = signal === 'silence' && spec.normalize !== 'none' ? 1 : spec.normalize === 'none' ? 1e-3 : 3e-4;
    expectFrames(ours, `${name}.${signal}`, NOISY[`${name}.${signal}`] ?? tolerance);
  }
  for (const [numSamples, length] of Object.entries(entry.sequence_length_of_samples ?? {}))
    expect(melLength(Number(numSamples), spec)).toBe(Math.max(0, length));
});

test.each(cases.filter(([name]) => name.startsWith('mfcc')))("%s: NeMo's coefficients", (name, { config, outputs }) => {
  const spec = readMfccSpec(config);
  const extractor = new MfccExtractor(spec);
  for (const [signal, { length }] of Object.entries(outputs)) {
    const ours = extractor.extract(golden.array(`signal.${spec.sampleRate}.${signal}`).data);
    expect(ours.numFrames).toBe(length);
    // Sums of up to 64 logarithms near log(1e-6) in float32; without the norm they are nine times as large.
    expectFrames(ours, `${name}.${signal}`, spec.norm === 'ortho' ? 1e-3 : 9e-3);
  }
});

function expectFrames({ data, numFrames, numFeatures }: MelFeatures, name: string, tolerance: number): void {
  const theirs = golden.array(name);
  const columns = theirs.shape[1] as number;
  expect(numFeatures).toBe(theirs.shape[0]);
  let worst = 0;
  for (let row = 0; row < numFeatures; row++)
    for (let frame = 0; frame < numFrames; frame++)
      worst = Math.max(worst, Math.abs(data[row * numFrames + frame]! - theirs.data[row * columns + frame]!));
  expect(worst, name).toBeLessThan(tolerance);
}
