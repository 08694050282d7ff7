/** Scores of a classifier as a `Hypothesis`: the label is the text, and stretches of frames with one label are the segments. */
import type { ClassScore, Hypothesis, SegmentStamp } from '../base/hypothesis.ts';
import type { ClassificationSpec } from '../model/classification-head.ts';

/** What the head gave for one window: [numFrames, numClasses], 1 frame for a clip. */
export type ClassScores = { readonly values: Float32Array; readonly numFrames: number };

export type ClassHypothesisOptions = {
  /** Seconds an encoder frame spans. */
  readonly frameSeconds: number;
  /** Seconds of audio. */
  readonly duration: number;
  readonly timestamps: boolean;
  readonly returnAlignments: boolean;
};

/** One hypothesis from the windows of a recording, in order. */
export function classHypothesis(
  windows: readonly ClassScores[],
  spec: ClassificationSpec,
  options: ClassHypothesisOptions,
): Hypothesis {
  const { numClasses, kind } = spec;
  const numFrames = windows.reduce((sum, window) => sum + window.numFrames, 0);
  const logProbs = joined(windows, numFrames, spec);
  const best = Int32Array.from({ length: numFrames }, (_, frame) => bestClass(logProbs, frame, numClasses));
  const labelOf = (index: number): string => spec.labels[index] ?? String(index);
  const labels = Array.from({ length: numClasses }, (_, index): ClassScore => {
    let sum = 0;
    for (let frame = 0; frame < numFrames; frame++) sum += Math.exp(logProbs[frame * numClasses + index] as number);
    return { label: labelOf(index), score: numFrames === 0 ? 0 : sum / numFrames };
  });
  const segments =
    kind === 'frame' ? stretches(best, labelOf, options.frameSeconds) : wholeClip([...best].map(labelOf), options);
  return {
    text: segments.map(({ segment }) => segment).join(' '),
    score: best.reduce((sum, index, frame) => sum + (logProbs[frame * numClasses + index] as number), 0),
    ySequence: kind === 'clip' ? [...best] : [],
    tokens: [],
    timestamp: { timestep: [], ...(options.timestamps ? { segment: segments } : {}) },
    length: numFrames,
    labels,
    ...(kind === 'frame' ? { frameScores: { values: logProbs.map(Math.exp), numFrames, numClasses } } : {}),
    ...(options.returnAlignments ? { alignments: { logProbs, labels: best, numFrames } } : {}),
  };
}

/** Log-probabilities of all windows, whatever the head gives. */
function joined(windows: readonly ClassScores[], numFrames: number, spec: ClassificationSpec): Float32Array {
  const { numClasses, output } = spec;
  const result = new Float32Array(numFrames * numClasses);
  let offset = 0;
  for (const { values } of windows) {
    result.set(values, offset);
    offset += values.length;
  }
  if (output === 'probabilities') return result.map((value) => Math.log(value));
  for (let from = 0; from < result.length; from += numClasses) {
    const row = result.subarray(from, from + numClasses);
    const highest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const total = highest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - highest), 0));
    row.forEach((value, index) => {
      row[index] = value - total;
    });
  }
  return result;
}

function bestClass(logProbs: Float32Array, frame: number, numClasses: number): number {
  let best = 0;
  for (let index = 1; index < numClasses; index++)
    if ((logProbs[frame * numClasses + index] as number) > (logProbs[frame * numClasses + best] as number))
      best = index;
  return best;
}

/** One stretch from start to end, or none for a clip without a frame. */
function wholeClip(labels: readonly string[], { duration, frameSeconds }: ClassHypothesisOptions): SegmentStamp[] {
  const endOffset = Math.ceil(duration / frameSeconds);
  return labels.map((segment) => ({ segment, startOffset: 0, endOffset, start: 0, end: duration }));
}

/** Runs of frames with the same class. */
function stretches(best: Int32Array, labelOf: (index: number) => string, frameSeconds: number): SegmentStamp[] {
  const segments: SegmentStamp[] = [];
  for (let start = 0, end = 0; start < best.length; start = end) {
    while (end < best.length && best[end] === best[start]) end += 1;
    segments.push({
      segment: labelOf(best[start] as number),
      startOffset: start,
      endOffset: end,
      start: start * frameSeconds,
      end: end * frameSeconds,
    });
  }
  return segments;
}
