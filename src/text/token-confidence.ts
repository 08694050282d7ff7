/**
 * Confidence of frames to confidence of tokens (NeMo `compute_confidence` of the CTC and transducer decodings).
 *
 * Unless blanks are excluded they belong to the token before them, and here the decoders differ, as they do in NeMo: CTC takes all frames up
 * to the next token, RNNT the first step of each later frame (not the blank that ends the token's own), TDT every blank step.
 */
import { type ConfidenceAggregation, aggregateConfidence } from './confidence.ts';

export type TokenConfidenceOptions = {
  readonly excludeBlank: boolean;
  readonly aggregation: ConfidenceAggregation;
};

/** @param ids best class of every frame */
export function ctcTokenConfidence(
  frames: readonly number[],
  ids: ArrayLike<number>,
  blank: number,
  { excludeBlank, aggregation }: TokenConfidenceOptions,
): number[] {
  const groups: number[][] = [];
  for (let frame = 0; frame < frames.length; frame++) {
    const isBlank = ids[frame] === blank;
    if (!isBlank && (frame === 0 || ids[frame] !== ids[frame - 1])) groups.push([]);
    if (!isBlank || !excludeBlank) groups.at(-1)?.push(frames[frame]!);
  }
  return groups.map((group) => aggregateConfidence(group, aggregation));
}

/** A step of a transducer: what it chose where, and how sure it was; TDT may add the confidence of the duration. */
export type ConfidenceStep = {
  readonly frame: number;
  readonly isBlank: boolean;
  readonly confidence: number | readonly number[];
};

/**
 * Confidence of every token, and what the last one is made of: blanks of the next piece of the recording may still belong to it.
 *
 * @param isTdt whether frames are jumped over
 * @param open what the last token of the piece before is made of; its confidence then comes first
 */
export function transducerTokenConfidence(
  steps: readonly ConfidenceStep[],
  isTdt: boolean,
  { excludeBlank, aggregation }: TokenConfidenceOptions,
  open: readonly number[] = [],
): { readonly confidence: number[]; readonly open: readonly number[] } {
  const groups: number[][] = open.length > 0 ? [[...open]] : [];
  let tokenFrame = -1;
  steps.forEach(({ frame, isBlank, confidence }, index) => {
    const value = typeof confidence === 'number' ? confidence : aggregateConfidence(confidence, aggregation);
    if (!isBlank) {
      groups.push([value]);
      tokenFrame = frame;
    } else if (!excludeBlank) {
      const opensFrame = index === 0 || steps[index - 1]!.frame !== frame;
      if (isTdt || (frame > tokenFrame && opensFrame)) groups.at(-1)?.push(value);
    }
  });
  return {
    confidence: groups.map((group) => (group.length === 1 ? group[0]! : aggregateConfidence(group, aggregation))),
    open: groups.at(-1) ?? [],
  };
}

/** Confidence of every step, grouped by frame as NeMo's `frame_confidence` of transducers. */
export function groupByFrame<T>(steps: readonly { readonly frame: number }[], values: readonly T[]): T[][] {
  const groups: T[][] = [];
  values.forEach((value, index) => {
    if (index > 0 && steps[index - 1]!.frame === steps[index]!.frame) groups.at(-1)!.push(value);
    else groups.push([value]);
  });
  return groups;
}
