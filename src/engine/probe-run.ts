/** Runs the probe of a checkpoint (`model/probe.ts`) on one device: an invented signal through its own weights, to be compared between devices. */
import type { ContextSize } from '../model/conformer-spec.ts';
import { type EncoderSpec, attentionContexts } from '../model/encoder.ts';
import { probeSpec } from '../model/probe.ts';
import { Session, type Tensor } from '../runtime/session.ts';
import { type CheckpointParts, type GraphName, graphPart } from './checkpoint-parts.ts';
import { runAedProbe, runTransducerProbe } from './decoder-probe.ts';
import { type Encoded, EncoderRunner } from './encoder-runner.ts';
import type { SessionSource } from './sessions.ts';
import { hostValues } from './encoder-tensors.ts';
import type { Device } from './options.ts';
import type { ModelSessions } from './sessions.ts';

/** Feature frames of the two clips: lengths differ, so that the batch has padding. */
const LENGTHS: readonly number[] = [96, 83];

/** The graphs that stand for these. */
const PROBE_GRAPHS: Partial<Record<GraphName, GraphName>> = { encoder_masked: 'probe', positions: 'probe_positions' };

/** Heads that are one graph over the encoder's frames: the first that a checkpoint has is run too. */
const HEADS: readonly (readonly [graph: GraphName, output: string])[] = [
  ['projection', 'projected'],
  ['ctc', 'log_probs'],
  ['classification', 'scores'],
];

const DECODERS: readonly (readonly GraphName[])[] = [
  ['joint', 'predictor'],
  ['decoder_step', 'cross'],
];

/** False for encoders that are their own probe. */
export function hasOwnProbe({ meta }: CheckpointParts): boolean {
  return 'probe' in meta.graphs;
}

/** The graphs of the decoder that run on the GPU, where there are any: predictor and joint, or the attention decoder. */
export function decoderOnGpu(sessions: ModelSessions, { meta }: CheckpointParts): readonly GraphName[] {
  const decoder = DECODERS.find((graphs) => graphs.every((graph) => graph in meta.graphs)) ?? [];
  return decoder.filter((graph) => sessions.deviceOf(graph) === 'webgpu');
}

/** Valid frames of the clips after the probe and after the head when that is the GPU's, and what the decoder makes of them when `withDecoder`. */
export async function runProbe(
  sessions: ModelSessions,
  parts: CheckpointParts,
  { device, withDecoder }: { readonly device: Device; readonly withDecoder: boolean },
): Promise<Float32Array[]> {
  await using own = new ProbeSessions(sessions, parts, device);
  const { spec } = parts.meta;
  const { encoder } = spec;
  const encoded = hasOwnProbe(parts)
    ? await encodeSignal(own, probeSpec(encoder), LENGTHS)
    : await encodeSignal(own, encoder, LENGTHS.slice(1));
  const { tensor, lengths } = encoded;
  const results = [await validFrames(tensor, lengths)];
  const head = HEADS.find(([graph]) => graph in parts.meta.graphs && sessions.deviceOf(graph) === 'webgpu');
  if (head) {
    const [graph, output] = head;
    const { [output]: scores } = await (await own.get(graph)).run({ encoded: tensor }, [output]);
    results.push(await validFrames(scores as Tensor, lengths));
  }
  if (withDecoder && 'transducer' in spec && spec.transducer)
    results.push(...(await runTransducerProbe(own, spec.transducer, results.at(-1) as Float32Array)));
  if (withDecoder && 'aed' in spec && spec.aed) results.push(...(await runAedProbe(own, spec.aed, encoded)));
  tensor.dispose();
  return results;
}

/** The frames of the model's own encoder for the same signal. */
export async function runWhole(sessions: ModelSessions, { meta }: CheckpointParts): Promise<Float32Array> {
  const { tensor, lengths } = await encodeSignal(sessions, meta.spec.encoder, LENGTHS.slice(1));
  const frames = await validFrames(tensor, lengths);
  tensor.dispose();
  return frames;
}

async function encodeSignal(
  sessions: SessionSource,
  encoder: EncoderSpec,
  lengths: readonly number[],
): Promise<Encoded> {
  using runner = new EncoderRunner(sessions, { encoder, mel: { exactPad: false, padValue: 0 } });
  const numFeatures = encoder.featIn;
  return runner.encode(
    lengths.map((numFrames, clip) => ({ data: testSignal(numFeatures * numFrames, clip + 1), numFeatures, numFrames })),
    attentionContexts(encoder)[0] as ContextSize,
  );
}

/** Sessions of the probe on a device; on the GPU the model's own where they are part of it. */
class ProbeSessions implements SessionSource, AsyncDisposable {
  readonly #sessions: ModelSessions;
  readonly #parts: CheckpointParts;
  readonly #device: Device;
  readonly #own = new Map<GraphName, Session>();

  constructor(sessions: ModelSessions, parts: CheckpointParts, device: Device) {
    this.#sessions = sessions;
    this.#parts = parts;
    this.#device = device;
  }

  get instance(): ModelSessions['instance'] {
    return this.#sessions.instance;
  }

  async get(name: GraphName): Promise<Session> {
    const graph = hasOwnProbe(this.#parts) ? (PROBE_GRAPHS[name] ?? name) : name;
    if (graph === name && this.#device === 'webgpu') return this.#sessions.get(name);
    const known = this.#own.get(graph);
    if (known) return known;
    const session = await Session.create(this.instance, await graphPart(this.#parts, graph), { device: this.#device });
    this.#own.set(graph, session);
    return session;
  }

  /** A probe does not outlive its device. */
  onReset(): () => void {
    return () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#own.values()) await session[Symbol.asyncDispose]().catch(() => undefined);
  }
}

/** What lies behind a clip's frames is padding, and may be anything. */
async function validFrames(tensor: Tensor, lengths: readonly number[]): Promise<Float32Array> {
  const values = await hostValues(tensor);
  const [, frames = 1, size = 1] = tensor.dims;
  if (tensor.dims.length < 3) return values.slice(); // a head that pools
  const clips = lengths.map((length, clip) => values.subarray(clip * frames * size, (clip * frames + length) * size));
  const joined = new Float32Array(clips.reduce((sum, clip) => sum + clip.length, 0));
  let at = 0;
  for (const clip of clips) {
    joined.set(clip, at);
    at += clip.length;
  }
  return joined;
}

/** Noise of unit variance, as normalised features are; the same at every visit (a linear congruential generator, Numerical Recipes). */
function testSignal(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12);
  });
}
