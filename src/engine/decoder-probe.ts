/** Decoders of a checkpoint over a few frames of a probe: what their graphs give on one device, to be compared with another. */
import type { AedSpec } from '../model/transformer-decoder-spec.ts';
import type { TransducerSpec } from '../model/transducer-spec.ts';
import { AedRunner, createCrossMemory, releaseCrossMemory } from './aed-runner.ts';
import type { Encoded } from './encoder-runner.ts';
import type { SessionSource } from './sessions.ts';
import { type ProjectedFrames, TransducerRunner } from './transducer-runner.ts';

/** Two rows through predictor and joint: the start, and a token behind it. */
export async function runTransducerProbe(
  sessions: SessionSource,
  spec: TransducerSpec,
  frames: ProjectedFrames,
): Promise<Float32Array[]> {
  const runner = new TransducerRunner(sessions, spec, [frames]);
  const states = await runner.predict([0, spec.vocabularySize - 1], await runner.start(2));
  const logits = await runner.join(states.map((state, frame) => ({ clip: 0, frame, state })));
  return [...states.flatMap(({ predicted, hidden, cell }) => [predicted, hidden, cell]), logits];
}

/** A prompt of three tokens a clip, and one token more: with the caches of the step before, as in every answer. */
export async function runAedProbe(sessions: SessionSource, spec: AedSpec, encoded: Encoded): Promise<Float32Array[]> {
  const memory = await createCrossMemory(sessions, spec, encoded);
  const runner = new AedRunner(sessions, spec, memory);
  const clips = encoded.lengths.map((_, clip) => clip);
  const first = await runner.start(clips.map((clip) => [1, 2, 3 + clip]));
  const second = await runner.step(
    first.state,
    clips.map(() => 1),
    clips,
  );
  runner.release(second.state);
  releaseCrossMemory(memory);
  return [first.logProbs, second.logProbs];
}
