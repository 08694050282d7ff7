/** Ours against NeMo's as lists of differences, for any test runner: an empty list is what every test wants. */
import type { Hypothesis, TimeSpan } from '../../src/base/hypothesis.ts';
import type { RecordedTensor } from '../harness/harness.worker.ts';
import { type Golden, type GoldenHypothesis, type GoldenStamp, TOLERANCE } from './golden.ts';
import type { NpyArray } from './npz.ts';

/** What differs between a hypothesis and NeMo's: text, ids, score, stamps. `what` names it in the list. */
export function hypothesisDifferences(ours: Hypothesis | undefined, theirs: GoldenHypothesis, what: string): string[] {
  if (!ours) return [`${what}: no hypothesis`];
  const found: string[] = [];
  const equal = (name: string, mine: unknown, its: unknown): void => {
    const [left, right] = [JSON.stringify(mine), JSON.stringify(its)];
    if (left !== right) found.push(`${what}: ${name} is ${left}, NeMo's ${right}`);
  };
  equal('text', ours.text, theirs.text);
  if (theirs.y_sequence) equal('ySequence', ours.ySequence, theirs.y_sequence);
  const off = Math.abs(ours.score - theirs.score);
  if (!(off < TOLERANCE.score * Math.max(1, ours.ySequence.length))) found.push(`${what}: score is off by ${off}`);
  const stamps = theirs.timestamp;
  if (!stamps || !('word' in stamps)) return found;
  if (stamps.timestep) equal('timestep', ours.timestamp.timestep, stamps.timestep); // Canary's words have no frames of tokens
  for (const kind of ['char', 'word', 'segment'] as const) {
    const [mine, its] = [ours.timestamp[kind] ?? [], (stamps[kind] ?? []) as readonly GoldenStamp[]];
    equal(
      kind,
      mine.map((span) => spelt(span, kind)),
      its.map((span) => [Reflect.get(span, kind), span.start_offset, span.end_offset]),
    );
    mine.forEach(({ start, end }, index) => {
      const { start: itsStart = 0, end: itsEnd = 0 } = its[index] ?? {};
      if (!(Math.abs(start - itsStart) < 1e-8 && Math.abs(end - itsEnd) < 1e-8))
        found.push(`${what}: ${kind} ${index} is from ${start} to ${end} s, NeMo's from ${itsStart} to ${itsEnd} s`);
    });
  }
  return found;
}

function spelt(span: TimeSpan, kind: string): unknown[] {
  return [Reflect.get(span, kind), span.startOffset, span.endOffset];
}

/**
 * Greatest absolute difference between frames [clips, frames, size] of a graph and NeMo's [size, frames], over the frames that both have; infinite
 * when fewer than `length` are there.
 */
export function frameDifference(
  { dims, data }: RecordedTensor,
  theirs: NpyArray<Float32Array>,
  length: number,
  clip = 0,
): number {
  const [, frames = 0, size = 0] = dims;
  const [rows, columns = 0] = theirs.shape;
  if (rows !== size || frames < length || columns < length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let frame = 0; frame < length; frame++) {
    for (let index = 0; index < size; index++) {
      const off = Math.abs(data[(clip * frames + frame) * size + index]! - theirs.data[index * columns + frame]!);
      if (!(off <= worst)) worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    }
  }
  return worst;
}

/** Greatest absolute difference between the values that both have; infinite when ours are fewer. */
export function greatestDifference(ours: Float32Array, theirs: Float32Array): number {
  if (ours.length < theirs.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  theirs.forEach((value, index) => {
    const off = Math.abs(value - ours[index]!);
    if (!(off <= worst)) worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
  });
  return worst;
}

/**
 * Greatest difference between the scores a hypothesis was made from (`returnAlignments`) and NeMo's: log-probs of CTC, or the log-softmax of every
 * greedy step of a transducer. Undefined where NeMo's are not recorded.
 */
export function scoreDifference(ours: Hypothesis, golden: Golden, input: number): number | undefined {
  if (!ours.alignments) return undefined;
  if ('logProbs' in ours.alignments) {
    const name = [`single.${input}.log_probs`, `single.${input}.ctc_log_probs`].find((key) => golden.hasArray(key));
    return name === undefined ? undefined : greatestDifference(golden.array(name).data, ours.alignments.logProbs);
  }
  const name = `single.${input}.joint_logits`;
  return golden.hasArray(name) ? stepDifference(ours, golden.array(name)) : undefined;
}

/** The same for a transducer and NeMo's logits [steps, classes]; infinite when the steps are not as many. */
export function stepDifference({ alignments }: Hypothesis, { shape, data }: NpyArray<Float32Array>): number {
  const steps = alignments && !('logProbs' in alignments) ? alignments.flat() : [];
  const classes = shape[1] as number;
  if (steps.length !== shape[0]) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...steps.map(({ logProbs }, step) =>
      greatestDifference(logProbs, logSoftmax(data.subarray(step * classes, (step + 1) * classes))),
    ),
  );
}

function logSoftmax(logits: Float32Array): Float32Array {
  const highest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0);
  return logits.map((logit) => logit - highest - Math.log(sum));
}
