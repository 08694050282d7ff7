/** What the tests of Canary share: opening a case, and comparing hypotheses; prompts are in `canary-prompts.ts`. Node and vitest only. */
import { expect } from 'vitest';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import { LoadedModel } from '../../src/engine/asr-model.ts';
import { loadModel } from '../../src/engine/load.ts';
import { type Golden, type GoldenHypothesis, TOLERANCE, oddCases } from './golden.ts';

/** Canary cases taught until they print the right text. */
export const TAUGHT = ['canary-aed', 'canary2-aed'];
/** All of them. */
export const CASES = [...TAUGHT, 'canary-bpe', ...oddCases('odd-canary')];

/** Opens a case's archive. */
export async function open(golden: Golden): Promise<LoadedModel> {
  const source = { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` } as const;
  const model = await loadModel(source, { device: 'wasm', cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  return model;
}

/** A hypothesis against NeMo's: text, ids, score, confidences, timestamps. */
export function compare(
  ours: Hypothesis | undefined,
  theirs: GoldenHypothesis | readonly GoldenHypothesis[] | undefined,
): void {
  if (!ours || !theirs) throw new Error('no hypothesis');
  if (Array.isArray(theirs)) {
    expect(ours.nBest).toHaveLength(theirs.length);
    theirs.forEach((one, rank) => compare(ours.nBest?.[rank], one));
    return;
  }
  const one = theirs as GoldenHypothesis;
  expect(ours.text).toBe(one.text);
  expect(ours.ySequence).toEqual(one.y_sequence);
  expect(Math.abs(ours.score - one.score)).toBeLessThan(TOLERANCE.score * Math.max(1, ours.ySequence.length));
  for (const [mine, its] of [
    [ours.tokenConfidence, one.token_confidence],
    [ours.wordConfidence, one.word_confidence],
    [ours.frameConfidence, one.frame_confidence],
  ] as const) {
    expect(mine?.length).toBe(its?.length);
    if (its)
      expect(greatestDifference(Float32Array.from(mine as number[]), Float32Array.from(its as number[]))).toBeLessThan(
        TOLERANCE.confidence,
      );
  }
  if (!one.timestamp || !('word' in one.timestamp)) return;
  for (const kind of ['word', 'segment'] as const) {
    expect(ours.timestamp[kind]?.map((span) => [Reflect.get(span, kind), span.startOffset, span.endOffset])).toEqual(
      one.timestamp[kind].map((span) => [Reflect.get(span, kind), span.start_offset, span.end_offset]),
    );
    ours.timestamp[kind]?.forEach((span, index) =>
      expect(span.end).toBeCloseTo(
        one.timestamp && 'word' in one.timestamp ? (one.timestamp[kind][index]?.end ?? 0) : 0,
        9,
      ),
    );
  }
}

/** The largest absolute difference, over the length of NeMo's array. */
export function greatestDifference(ours: Float32Array, theirs: Float32Array): number {
  let worst = 0;
  theirs.forEach((value, index) => {
    worst = Math.max(worst, Math.abs(value - (ours[index] as number)));
  });
  return worst;
}
