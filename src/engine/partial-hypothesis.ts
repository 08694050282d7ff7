/**
 * Going on from the hypothesis of the pieces before (NeMo `partial_hypothesis`, `Hypothesis.merge_`): its decoder state into the search, its
 * tokens in front of the new ones.
 */
import { AsrError } from '../base/errors.ts';
import type { Emission } from '../base/emission.ts';
import type { DecoderState, Hypothesis } from '../base/hypothesis.ts';
import { FusionState, type WeightedFusion } from '../decoding/fusion.ts';
import type { TransducerState } from '../decoding/transducer-greedy.ts';
import type { TransducerSpec } from '../model/transducer-spec.ts';
import type { Decoded } from './decoded.ts';
import type { PredictorState } from './transducer-runner.ts';

/**
 * @returns undefined for one that holds nothing, of a recording too short for a frame
 * @throws AsrError `unsupported-option` for a hypothesis that this checkpoint and decoding config cannot go on from
 */
export function toTransducerState(
  { decState, ySequence }: Hypothesis,
  { fusion, spec }: { readonly fusion: readonly WeightedFusion[]; readonly spec: TransducerSpec },
): TransducerState<PredictorState> | undefined {
  if (!decState && ySequence.length === 0) return undefined;
  if (!decState)
    throw new AsrError(
      'unsupported-option',
      'A hypothesis of partialHypothesis has no decState: only greedy decoding of a transducer, in one piece, gives one.',
    );
  const { predicted, hidden, cell, overshoot, frame, afterBlank } = decState;
  const size = spec.predictor.numLayers * spec.predictor.hiddenSize;
  if (predicted.length !== spec.joint.hiddenSize || hidden.length !== size || decState.fusion.length !== fusion.length)
    throw new AsrError(
      'unsupported-option',
      'A hypothesis of partialHypothesis was made by another checkpoint or decoding config, or with other biasingRequests.',
    );
  return {
    network: { predicted, hidden, cell },
    overshoot,
    frame,
    afterBlank,
    fusion: fusion.length > 0 ? new FusionState(fusion, decState.fusion) : undefined,
  };
}

/** The state as plain data. */
export function toDecoderState(
  { network, overshoot, frame, fusion, afterBlank = false }: TransducerState<PredictorState>,
  { openConfidence, carriesJumps }: { readonly openConfidence: readonly number[]; readonly carriesJumps: boolean },
): DecoderState {
  return {
    ...network,
    overshoot: carriesJumps ? overshoot : 0,
    frame,
    afterBlank,
    fusion: fusion?.states ?? [],
    openConfidence,
  };
}

/** The new piece behind the ones before. Frames count from the first piece; NeMo's `length` is that of the newest. */
export function continued(before: Hypothesis | undefined, piece: Decoded): Decoded {
  if (!before) return piece;
  const decState = piece.decState ?? before.decState;
  const numOpen = before.decState?.openConfidence.length ? 1 : 0;
  const settledConfidence = before.tokenConfidence?.slice(0, before.tokenConfidence.length - numOpen);
  const isEmpty = piece.length === 0; // too short for a frame
  const alignments = isEmpty ? before.alignments : joined(before.alignments, piece.alignments);
  const frameConfidence = isEmpty ? before.frameConfidence : joined(before.frameConfidence, piece.frameConfidence);
  const tokenConfidence = isEmpty ? before.tokenConfidence : joined(settledConfidence, piece.tokenConfidence);
  return {
    emissions: [...emissionsOf(before), ...piece.emissions],
    score: before.score + piece.score,
    length: piece.length,
    timestep: [...before.timestamp.timestep, ...piece.timestep],
    ...(decState && { decState }),
    ...(alignments && { alignments }),
    ...(frameConfidence && { frameConfidence }),
    ...(tokenConfidence && { tokenConfidence }),
  };
}

/** Both lists; none where the decoding config asks for it in one piece only. */
function joined<T>(before: T | undefined, after: T | undefined): T | undefined {
  return Array.isArray(before) && Array.isArray(after) ? ([...before, ...after] as T) : undefined;
}

function emissionsOf({ ySequence, timestamp, tokenDuration }: Hypothesis): Emission[] {
  return ySequence.map((token, index) => ({
    token,
    frame: timestamp.timestep[index] as number,
    duration: tokenDuration?.[index] ?? 1,
    logProb: 0, // counted in the score of the piece before
  }));
}
