/** What a loaded model is to its callers. */
import type { Hypothesis } from '../base/hypothesis.ts';
import type {
  AudioInput,
  ModelInfo,
  ModelReport,
  StreamOptions,
  StreamUpdate,
  TranscribeOptions,
  TranscribeResult,
} from './options.ts';

export interface EngineStream {
  /** Mono samples at the stream's rate; resolves when they are decoded. */
  push(samples: Float32Array): Promise<void>;
  /** Decodes what is left; the stream is over. */
  finish(): Promise<Hypothesis>;
  cancel(): Promise<void>;
}

export interface EngineModel {
  readonly info: ModelInfo;
  readonly report: ModelReport;
  /** NeMo's config tree. */
  readonly cfg: unknown;
  transcribe(audio: readonly AudioInput[], options?: TranscribeOptions): Promise<readonly TranscribeResult[]>;
  openStream(options: StreamOptions, onUpdate: (update: StreamUpdate) => void): Promise<EngineStream>;
  dispose(): Promise<void>;
}
