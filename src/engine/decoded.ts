/** What a head makes of a clip before it becomes text, whichever head it is. */
import type { Emission } from '../base/emission.ts';
import type { Hypothesis, TransducerAlignments } from '../base/hypothesis.ts';

/** One reading of a beam; readings of attention decoders stand at no frame. */
export type DecodedBeam = {
  readonly emissions: readonly Emission[];
  readonly score: number;
  readonly timestep?: readonly number[];
  readonly alignments?: TransducerAlignments;
};

/** One clip's result before it becomes text. */
export type Decoded = Pick<Hypothesis, 'alignments' | 'frameConfidence' | 'tokenConfidence' | 'decState'> & {
  readonly emissions: readonly Emission[];
  readonly score: number;
  /** Encoder frames. */
  readonly length: number;
  /** NeMo's `timestep`: every non-blank frame (CTC), or the frame of every token. */
  readonly timestep: readonly number[];
  /** All readings of a beam, best first, when they were asked for. */
  readonly beams?: readonly DecodedBeam[];
};

/** The result of a beam. A search that kept nothing has read nothing. */
export function fromReadings(
  readings: readonly (DecodedBeam & { readonly timestep: readonly number[] })[],
  { length, returnsAll }: { readonly length: number; readonly returnsAll: boolean },
): Decoded {
  const best = readings[0] ?? { emissions: [], score: 0, timestep: [] };
  return { ...best, length, ...(returnsAll ? { beams: readings } : {}) };
}
