/** What the tests of Canary share: opening a case, its prompts, and comparing hypotheses. Node and vitest only. */
import { expect } from 'vitest';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import { LoadedModel } from '../../src/engine/asr-model.ts';
import { loadModel } from '../../src/engine/load.ts';
import type { TranscribeOptions } from '../../src/engine/options.ts';
import { type Golden, type GoldenHypothesis, TOLERANCE } from './golden.ts';

/** Canary cases taught until they print the right text. */
export const TAUGHT = ['canary-aed', 'canary2-aed'];
/** All of them. */
export const CASES = [...TAUGHT, 'canary-bpe'];

/** NeMo's keyword arguments. */
export type Slots = Record<string, string | boolean>;
/** One recorded prompt. */
export type Prompt = {
  readonly transcribe_arguments: Slots;
  readonly context_ids: readonly number[];
};

/** Opens a case's archive. */
export async function open(golden: Golden): Promise<LoadedModel> {
  const source = { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` } as const;
  const model = await loadModel(source, { device: 'wasm', cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  return model;
}

/** Prompts of a case by name. */
export function promptsOf(golden: Golden): Record<string, Prompt> {
  return golden.json['prompts'] as Record<string, Prompt>;
}

/**
 * What NeMo's loader makes of arguments for files: it drops most slots (`task` too: it looks for `taskname`) and the checkpoint's defaults with them.
 * We do as it does for arrays, where all count; so what it falls back to has to be said here.
 */
export function seenForFiles(
  { source_lang = 'en', target_lang = 'en', pnc = 'yes', timestamps = false }: Slots,
  format: string,
): Slots {
  const rest = { emotion: '<|emo:undefined|>', itn: 'no', diarize: 'no', decodercontext: '' };
  return { source_lang, target_lang, pnc, timestamps, ...(format === 'canary2' ? rest : { task: 'asr' }) };
}

/** NeMo's keyword arguments as our options. */
export function toOptions({ timestamps, ...slots }: Slots): TranscribeOptions {
  return { prompt: slots, ...(timestamps ? { timestamps: true } : {}) };
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
