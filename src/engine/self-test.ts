/**
 * Does this GPU compute right? A wrong driver or browser gives wrong words without a word, so before a GPU is trusted with a kind of encoder, a
 * signal goes through some of the checkpoint's own layers twice, on the GPU and on WASM, and the numbers are compared.
 *
 * The verdict is kept by adapter, browser, onnxruntime, and kind of encoder and head: a second visit costs one look-up.
 */
import { AsrError, isAsrError } from '../base/errors.ts';
import type { CheckpointStore } from '../checkpoint/store.ts';
import { isClassifier } from '../model/checkpoint-spec.ts';
import { type CheckpointParts, FORMAT, type GraphName } from './checkpoint-parts.ts';
import type { SelfTestReport } from './options.ts';
import { decoderOnGpu, hasOwnProbe, runProbe, runWhole } from './probe-run.ts';
import type { ModelSessions } from './sessions.ts';

/**
 * Difference allowed, as a share of the greatest value: right GPUs stay below 1e-4 with fp32, a wrong kernel is off by a hundredth and more. With
 * fewer bits both devices read the same weights, and round on the way to other places.
 */
const TOLERANCE = { fp32: 2e-3, small: 3e-2 } as const;
/** An encoder that is its own probe, or a decoder, that is larger than this is not loaded a second time, on WASM. */
const MAX_REFERENCE_BYTES = 512 * 2 ** 20;

export type SelfTestOptions = {
  /** Where verdicts are kept; without one every load is tested. */
  readonly store?: CheckpointStore;
  /** Everything the browser tells of the adapter. */
  readonly gpu: string;
  readonly ortVersion: string;
};

/** The test of one model. */
export class SelfTest {
  readonly #parts: CheckpointParts;
  readonly #store: CheckpointStore | undefined;
  readonly #key: string;
  /** The decoder's graphs that are compared too. */
  readonly #decoder: readonly GraphName[];
  /** Undefined until something is known. */
  report: SelfTestReport | undefined;

  private constructor(
    parts: CheckpointParts,
    decoder: readonly GraphName[],
    { key, store }: { readonly key: string; readonly store: CheckpointStore | undefined },
  ) {
    this.#parts = parts;
    this.#decoder = decoder;
    this.#key = key;
    this.#store = store;
  }

  /** Looks up what earlier visits found. */
  static async prepare(
    parts: CheckpointParts,
    sessions: ModelSessions,
    { store, gpu, ortVersion }: SelfTestOptions,
  ): Promise<SelfTest> {
    const decoder = decoderOnGpu(sessions, parts);
    const { spec, graphs, precision, arithmetic } = parts.meta;
    const browser = globalThis.navigator?.userAgent ?? '';
    const key = JSON.stringify([
      gpu,
      browser,
      ortVersion,
      FORMAT,
      precision,
      arithmetic,
      spec.encoder,
      Object.keys(graphs),
      decoder,
      decoder.length > 0 && !isClassifier(spec) ? [spec.transducer, spec.aed?.decoder] : [],
    ]);
    const test = new SelfTest(parts, decoder, { key: `self-test/${key}`, store });
    const known = (await store?.parts.getRecord(test.#key).catch(() => undefined)) as SelfTestReport | undefined;
    if (known) test.report = { ...known, remembered: true };
    return test;
  }

  /** @throws AsrError `self-test-failed` when this GPU was wrong before: no shader need be compiled to say so again */
  assertNotKnownWrong(): void {
    if (this.report?.status === 'failed') throw wrongNumbers(this.report);
  }

  /**
   * Compares the GPU with WASM, unless it is known.
   *
   * @throws AsrError `self-test-failed`, and whatever a failing GPU throws
   */
  async run(sessions: ModelSessions): Promise<void> {
    if (this.report) return;
    const tolerance = this.#parts.meta.precision === 'fp32' ? TOLERANCE.fp32 : TOLERANCE.small;
    const reference = await this.#reference(sessions);
    if (!reference) {
      this.report = { status: 'skipped', difference: 0, tolerance, remembered: false };
      return;
    }
    const difference = Math.max(
      shareOf(await runProbe(sessions, this.#parts, { device: 'webgpu', withDecoder: this.#withDecoder }), reference),
      isAlive(await runWhole(sessions, this.#parts)) ? 0 : Number.POSITIVE_INFINITY,
    );
    const status = difference <= tolerance ? 'passed' : 'failed';
    const report: SelfTestReport = { status, difference, tolerance, remembered: false };
    this.report = report;
    await this.#store?.parts.setRecord(this.#key, report).catch(() => {});
    if (status === 'failed') throw wrongNumbers(report);
  }

  /** Undefined where WASM cannot say: then nothing is known, which is no reason to give up a GPU. */
  async #reference(sessions: ModelSessions): Promise<Float32Array[] | undefined> {
    if (!hasOwnProbe(this.#parts) && this.#bytesOf(['encoder']) > MAX_REFERENCE_BYTES) return undefined;
    try {
      return await runProbe(sessions, this.#parts, { device: 'wasm', withDecoder: this.#withDecoder });
    } catch (error) {
      if (isAsrError(error)) return undefined;
      throw error;
    }
  }

  get #withDecoder(): boolean {
    return this.#decoder.length > 0 && this.#bytesOf(this.#decoder) <= MAX_REFERENCE_BYTES;
  }

  #bytesOf(graphs: readonly GraphName[]): number {
    const { meta, files } = this.#parts;
    const data = new Set(graphs.flatMap((graph) => meta.graphs[graph] ?? []));
    return [...data].reduce((sum, file) => sum + (files.get(file)?.size ?? 0), 0);
  }
}

/** Greatest difference of any tensor as a share of its greatest value; infinite for what is no number. */
function shareOf(ours: readonly Float32Array[], reference: readonly Float32Array[]): number {
  return Math.max(
    ...reference.map((values, index) => {
      const mine = ours[index];
      if (mine?.length !== values.length) return Number.POSITIVE_INFINITY;
      let [greatest, worst] = [0, 0];
      values.forEach((value, at) => {
        greatest = Math.max(greatest, Math.abs(value));
        const off = Math.abs(value - (mine[at] as number));
        worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
      });
      return worst === 0 ? 0 : worst / greatest;
    }),
  );
}

/** A command that a GPU refuses leaves its output as it was: zeros, all alike, or no numbers. */
function isAlive(values: Float32Array): boolean {
  const isConstant = values.every((value) => value === values[0]);
  return !isConstant && values.every((value) => Number.isFinite(value));
}

function wrongNumbers({ difference }: SelfTestReport): AsrError {
  const off = Number.isFinite(difference) ? `off by ${(100 * difference).toPrecision(2)} %` : 'no numbers at all';
  return new AsrError('self-test-failed', `${off} where WASM is right`);
}
