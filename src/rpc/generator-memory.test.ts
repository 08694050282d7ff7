/** `transcribeGenerator` over thousands of recordings: a real checkpoint behind the real protocol, in order, and nothing of a batch outlives it. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Remote } from 'comlink';
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { workerServing } from '../../e2e/support/port-worker.ts';
import type { CtcAlignments, Hypothesis } from '../base/hypothesis.ts';
import { loadModel } from '../engine/load.ts';
import { ASRModel } from './asr-model.ts';
import type { WireModel } from './protocol.ts';
import { serveEngine } from './serve.ts';
import { WorkerLink } from './worker-link.ts';

const NUM_FILES = 3000;
const BATCH_SIZE = 16;
/** Lengths in samples, in turn, of a number that no batch is a multiple of. NeMo fills up anything shorter than a second. */
const LENGTHS = [16_000, 20_000, 18_000, 24_000, 22_000, 28_000, 26_000];
const WARM_UP = 400;
/** Of JavaScript's heap and its buffers once collected. Keeping what was said of every frame would take more than twice as much. */
const MAX_GROWTH = 3 * 2 ** 20;
const ROUNDS_WITHOUT_CHANGE = 5;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test(`${NUM_FILES} short recordings come back in order, in the memory of one batch`, async () => {
  await using model = await open();
  const wanted = await framesByLength(model);
  expect(new Set(wanted).size).toBe(LENGTHS.length);
  let taken = 0;
  function* recordings(): Generator<Float32Array> {
    while (taken < NUM_FILES) yield noise(LENGTHS[taken++ % LENGTHS.length]!);
  }

  let done = 0;
  let ahead = 0;
  let before = 0;
  let outOfOrder = 0;
  for await (const batch of model.transcribeGenerator(recordings(), {
    batchSize: BATCH_SIZE,
    returnAlignments: true,
  })) {
    ahead = Math.max(ahead, taken - done);
    for (const hypothesis of batch) if (framesOf(hypothesis) !== wanted[done++ % LENGTHS.length]) outOfOrder++;
    if (before === 0 && done >= WARM_UP) before = await settledHeap();
  }
  expect({ done, outOfOrder }).toEqual({ done: NUM_FILES, outOfOrder: 0 });
  expect(ahead).toBeLessThanOrEqual(BATCH_SIZE);
  expect((await settledHeap()) - before).toBeLessThan(MAX_GROWTH);
}, 600_000); // 20 s of processor time, more where machines are shared

async function framesByLength(model: ASRModel): Promise<number[]> {
  return (await model.transcribe(LENGTHS.map(noise), { returnAlignments: true })).map(framesOf);
}

async function open(): Promise<ASRModel> {
  const worker = workerServing(
    serveEngine({
      loadModel,
      measureRemote: () => Promise.reject(new Error('nothing is fetched')),
      listStored: async () => [],
      deleteStored: async () => {},
    }),
  );
  const link = new WorkerLink(worker);
  const source = { kind: 'file', file: openGolden('fastconformer-ctc-bpe').archive(), name: 'model.nemo' } as const;
  const loading = (job: number) =>
    link.remote.load(job, source, { device: 'wasm', cache: false, assetBase: '' }) as unknown as Promise<
      Remote<WireModel>
    >;
  const remote = await link.run(loading);
  return new ASRModel({ link, remote, source, ...(await remote.describe()) });
}

function framesOf({ alignments }: Hypothesis): number {
  return (alignments as CtcAlignments).numFrames;
}

/** Buffers are swept by another thread, some time after the collection that found them dead: collect until nothing more goes. */
async function settledHeap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < ROUNDS_WITHOUT_CHANGE; ) {
    collectGarbage();
    await setTimeout(20);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    idle = heapUsed + arrayBuffers < least - 2 ** 16 ? 0 : idle + 1;
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}

function noise(length: number): Float32Array {
  let state = length;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) / 10;
  });
}
