import { expect, test } from 'vitest';
import { listGoldens, maxDifference, openGolden } from './golden.ts';
import { parseNpy } from './npz.ts';

test('every case of the index opens, and says what made it', () => {
  const names = listGoldens();
  expect(names).toContain('fastconformer-ctc-bpe');
  for (const name of names) {
    const golden = openGolden(name);
    expect(golden.json['seed'], name).toBe(1);
    expect(golden.json['nemo'], name).toMatch(/^\d+\.\d+/);
  }
});

test('a case gives samples, features, encoder output, log-probs and texts that fit together', () => {
  const golden = openGolden('fastconformer-ctc-bpe');
  expect(golden.inputs).toHaveLength(3);
  golden.inputs.forEach((input, i) => {
    expect(golden.featuresLength(i)).toBe(Math.floor(input.samples.length / 160)); // NeMo counts hops, not columns
    expect(golden.features(i).shape).toEqual([80, golden.featuresLength(i) + 1]);
    expect(golden.encoded(i).shape).toEqual([24, golden.encodedLength(i)]);
    expect(golden.logProbs(i).shape).toEqual([golden.encodedLength(i), 65]);
    expect(golden.transcripts('greedy').single[i]?.text).toBe(input.text);
  });
});

test('log-probs are distributions', () => {
  const { data, shape } = openGolden('fastconformer-ctc-bpe').logProbs(1);
  const [, classes = 0] = shape;
  const total = data.subarray(0, classes).reduce((sum, logProb) => sum + Math.exp(logProb), 0);
  expect(total).toBeCloseTo(1, 5);
});

test('a difference that is not a number is infinite', () => {
  const zeros = { shape: [1, 2], data: new Float32Array(2) };
  expect(maxDifference({ shape: [1, 2], data: Float32Array.of(0, Number.NaN) }, zeros, 2)).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(maxDifference({ shape: [1, 3], data: Float32Array.of(0, 0.5, 9) }, zeros, 2)).toBe(0.5);
});

test('an array in Fortran order is refused rather than read wrongly', () => {
  const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n";
  const bytes = new Uint8Array(10 + header.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  expect(() => parseNpy(bytes)).toThrow(/C order/);
});
