import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { alignEdits, countEdits, countInSteps } from './edit-distance.ts';
import { wordErrorRate, wordErrorRateDetail } from './word-error-rate.ts';

test('substitutions, insertions and deletions are counted as kaldialign counts them', () => {
  const { cases } = JSON.parse(
    readFileSync(new URL('../../e2e/fixtures/timestamps/edit-distance.json', import.meta.url), 'utf8'),
  );
  for (const [reference, hypothesis, substitutions, insertions, deletions] of cases) {
    expect(countEdits([...reference], [...hypothesis])).toEqual({ substitutions, insertions, deletions });
    const steps = alignEdits([...reference], [...hypothesis]);
    expect(steps.filter((step) => step.kind === 'insertion')).toHaveLength(insertions);
    expect(steps.map((step) => step.reference ?? '').join('')).toBe(reference);
    expect(steps.map((step) => step.hypothesis ?? '').join('')).toBe(hypothesis);
  }
});

test('errors and words are summed over the list before dividing', () => {
  expect(wordErrorRate(['a b', 'x'], ['a b c', 'y'])).toBe(2 / 4);
  expect(wordErrorRateDetail(['a b', 'x'], ['a b c', 'y'])).toMatchObject({
    words: 4,
    deletionRate: 0.25,
    substitutionRate: 0.25,
    insertionRate: 0,
  });
});

test('characters are code points, spaces included; words stand between what Python calls white space', () => {
  expect(wordErrorRate(['a😀'], ['a 😀'], { useCer: true })).toBe(1 / 3);
  expect(wordErrorRate(['е\u0301 ё'], ['é ё'], { useCer: true })).toBe(2 / 3);
  expect(wordErrorRateDetail(['a b. c\ufeffd'], ['a\u0085b\x1cc\ufeffd'])).toMatchObject({ words: 3, wer: 1 / 3 });
});

test('without reference words the rate is infinite, with lists of different length it is a wrong call', () => {
  expect(wordErrorRate([''], [''])).toBe(Number.POSITIVE_INFINITY);
  expect(() => wordErrorRate(['a'], [])).toThrow(TypeError);
});

test('many characters are counted in short steps, and come to the same', () => {
  const reference = Array.from({ length: 6000 }, (_, at) => 'abcdefghij'[(at * 7) % 10]!);
  const hypothesis = reference.flatMap((char, at) => (at % 11 === 0 ? [] : at % 13 === 0 ? [char, 'x'] : [char]));
  const steps = countInSteps(reference, hypothesis);
  const milliseconds: number[] = [];
  for (;;) {
    const startedAt = process.cpuUsage();
    const { done, value } = steps.next();
    milliseconds.push(process.cpuUsage(startedAt).user / 1000);
    if (!done) continue;
    expect(value).toEqual(countEdits(reference, hypothesis));
    break;
  }
  // All but a few, into which a collection of garbage or the compiler fell.
  const most = milliseconds.sort((a, b) => a - b)[Math.floor(milliseconds.length * 0.9)];
  expect(most).toBeLessThan(50);
});
