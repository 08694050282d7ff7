/** Cache-aware streams with a voice detector: silence is left out, and nothing else (WASM, Node). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import type { StreamOptions, StreamUpdate } from './options.ts';

const RATE = 16_000;
const sourceOf = (name: string): CheckpointSource => ({
  kind: 'file',
  file: openGolden(name).archive(),
  name: `${name}.nemo`,
});
const golden = openGolden('fastconformer-streaming-hybrid');
const [first, second] = [golden.inputs[0]!.samples, golden.inputs[2]!.samples];
const VAD = { checkpoint: sourceOf('marblenet-frame-vad') };

type Heard = { readonly hypothesis: Hypothesis; readonly updates: readonly StreamUpdate[]; readonly numSteps: number };

let model: LoadedModel;
let numSteps = 0;

beforeAll(async () => {
  model = (await loadModel(sourceOf(golden.name), { device: 'wasm', cache: false })) as LoadedModel;
  const session = await model.parts.sessions.get('encoder_step');
  const run = session.run.bind(session);
  session.run = (...args) => {
    numSteps += 1;
    return run(...args);
  };
}, 30_000);
afterAll(() => model.dispose());

async function hear(samples: Float32Array, options: StreamOptions = {}, piece = RATE / 10): Promise<Heard> {
  const updates: StreamUpdate[] = [];
  numSteps = 0;
  const stream = await model.openStream(options, (update) => updates.push(update));
  for (let from = 0; from < samples.length; from += piece) await stream.push(samples.slice(from, from + piece));
  return { hypothesis: await stream.finish(), updates, numSteps };
}

/** The two clips in a room where nobody else speaks. */
function conversation(seconds: number, [at, then]: readonly [number, number]): Float32Array {
  const samples = Float32Array.from({ length: seconds * RATE }, (_, index) => 3e-4 * Math.sin(index * index));
  samples.set(first, at * RATE);
  samples.set(second, then * RATE);
  return samples;
}

test.each(['rnnt', 'ctc'] as const)(
  '%s: speech throughout gives the very stream that no detector gives',
  async (decoderType) => {
    await model.changeDecodingStrategy(undefined, { decoderType });
    for (const attContextSize of model.info.attContextSizes) {
      const plain = await hear(first, { attContextSize });
      const gated = await hear(first, { attContextSize, vad: VAD });
      expect(gated.hypothesis).toEqual(plain.hypothesis);
      expect(gated.numSteps).toBe(plain.numSteps);
    }
  },
);

test.each(['rnnt', 'ctc'] as const)(
  '%s: silence costs no steps, and words keep their place on the clock',
  async (decoderType) => {
    await model.changeDecodingStrategy(undefined, { decoderType });
    const samples = conversation(30, [5, 20]);
    const { hypothesis, updates, numSteps: gatedSteps } = await hear(samples, { vad: VAD });
    const plain = await hear(samples);
    expect(gatedSteps).toBeLessThan(plain.numSteps / 2);
    expect(hypothesis.length).toBe(plain.hypothesis.length);

    const words = hypothesis.timestamp.word!;
    const inClip = (at: number, clip: Float32Array) =>
      words.filter(({ end }) => end > at - 1 && end < at + clip.length / RATE + 2);
    // An overfitted model does not hear all of a clip that begins within a step, with a detector or without.
    expect(inClip(5, first).length).toBeGreaterThan(0);
    expect(inClip(20, second).length).toBeGreaterThan(0);
    expect(inClip(5, first).length + inClip(20, second).length).toBe(words.length);

    // In the pause the last word is settled, and the clock of the updates goes on.
    const inPause = updates.filter(({ time }) => time > 5 + first.length / RATE + 2 && time < 19);
    expect(inPause.length).toBeGreaterThan(10);
    for (const { draft, committed } of inPause) {
      expect(draft).toBe('');
      expect(hypothesis.text.startsWith(committed)).toBe(true);
      expect(committed).not.toBe('');
    }
    updates.reduce((before, { time }) => {
      expect(time).toBeGreaterThanOrEqual(before);
      return time;
    }, 0);
  },
);

test('it does not matter in which pieces the sound comes', async () => {
  const samples = conversation(16, [2, 10]);
  const [one, other, whole] = [
    await hear(samples, { vad: VAD }, 1600),
    await hear(samples, { vad: VAD }, 7013),
    await hear(samples, { vad: VAD }, samples.length),
  ];
  expect(other.hypothesis).toEqual(one.hypothesis);
  expect(whole.hypothesis).toEqual(one.hypothesis);
  expect([other.numSteps, whole.numSteps]).toEqual([one.numSteps, one.numSteps]);
});

test('where nobody speaks nothing is written, and not a step is run', async () => {
  const { hypothesis, updates, numSteps: steps } = await hear(new Float32Array(10 * RATE), { vad: VAD });
  expect(steps).toBe(0);
  expect(hypothesis.text).toBe('');
  expect(updates.at(-1)).toMatchObject({ committed: '', draft: '', isFinal: true });
  expect(updates.at(-2)!.time).toBeGreaterThan(9);
});
