/**
 * What the page and the worker say to each other: two interfaces, implemented in the worker, called through Comlink.
 *
 * Jobs carry a number, because an `AbortSignal` does not survive `postMessage`: the client turns `signal` into `cancel(job)`.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import type { OnProgress } from '../base/progress.ts';
import type {
  AudioInput,
  LoadOptions,
  ModelInfo,
  ModelReport,
  StoredCheckpoint,
  StreamOptions,
  TranscribeOptions,
  TranscribeResult,
} from '../engine/options.ts';

import type { Slice, Sliced } from './slices.ts';
import type { UpdateDelta } from './update-delta.ts';

type Plain<T> = Omit<T, 'signal' | 'onProgress' | 'onReport'>;

/** A checkpoint as it crosses the boundary; lazy remote Blobs must not, so URLs and names are resolved in the worker. */
export type WireSource =
  | { readonly kind: 'pretrained'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly file: Blob; readonly name: string }
  | { readonly kind: 'files'; readonly files: readonly { readonly name: string; readonly file: Blob }[] }
  | { readonly kind: 'stored'; readonly id: string };

export type WireLoadOptions = Plain<LoadOptions> & { readonly assetBase: string; readonly expectedClass?: string };

/** What a download would bring. */
export type RemoteSize = { readonly name: string; readonly bytes: number };

export type AsrWorker = {
  load(
    job: number,
    source: WireSource,
    options: WireLoadOptions,
    onProgress?: OnProgress,
    onReport?: (report: ModelReport) => void,
  ): Promise<WireModel>;
  /** Finds a remote checkpoint and tells its size, without fetching it. */
  measure(job: number, source: WireSource, options: Plain<LoadOptions>): Promise<RemoteSize>;
  listStored(): Promise<readonly StoredCheckpoint[]>;
  deleteStored(id: string): Promise<void>;
  cancel(job: number): void;
};

/** A model living in the worker (a Comlink proxy in the page). */
export type WireModel = {
  describe(): { readonly info: ModelInfo; readonly report: ModelReport; readonly cfg: unknown };
  transcribe(
    job: number,
    audio: readonly AudioInput[],
    options: Plain<TranscribeOptions>,
    onProgress?: OnProgress,
  ): Promise<Sliced<readonly TranscribeResult[]>>;
  /** A part of what `transcribe` with this job number gave, in order; it is forgotten with the last one. */
  takeSlice(job: number, index: number): Promise<Slice>;
  call(job: number, method: string, args: readonly unknown[]): Promise<unknown>;
  openStream(job: number, options: Plain<StreamOptions>, onUpdate: (delta: UpdateDelta) => void): Promise<WireStream>;
  dispose(): Promise<void>;
};

export type WireStream = {
  /** Mono samples at the stream's rate; resolves when they are decoded, so awaiting it gives back-pressure. */
  push(samples: Float32Array): Promise<void>;
  finish(): Promise<Hypothesis>;
  cancel(): Promise<void>;
};

/** The vocabulary of the wire, named here so that `ui` need not know `engine`. */
export type {
  AudioInput,
  Device,
  LoadOptions,
  ModelInfo,
  ModelReport,
  StoredCheckpoint,
  StreamOptions,
  StreamUpdate,
  TranscribeOptions,
  TranscribeResult,
} from '../engine/options.ts';
