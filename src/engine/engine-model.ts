/** What a loaded model is to its callers (`EngineModel`) and to the engine's own jobs and recognizers (`RunningModel`). */
import type { MelConfig, MelExtractor } from '../audio/mel.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Aligner } from './aligner.ts';
import type { CommonParts } from './checkpoint-model.ts';
import type { EncoderRunner } from './encoder-runner.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Decoding } from './decoding.ts';
import type { HypothesisWriter } from './hypothesis.ts';
import type {
  AudioInput,
  ModelInfo,
  ModelReport,
  StreamOptions,
  StreamUpdate,
  TranscribeOptions,
  TranscribeResult,
} from './options.ts';
import type { VoiceDetectors } from './voice-detectors.ts';

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

export type EngineParts = CommonParts & {
  readonly spec: ModelSpec;
  /** The recognizer's own configuration: of an `ASRWithTTSModel`, its `asr_model`. */
  readonly cfg: unknown;
  /** The whole configuration. */
  readonly wholeConfig: unknown;
  readonly mel: MelExtractor;
  readonly melConfig: MelConfig;
  readonly encoder: EncoderRunner;
  readonly tokenizer: Tokenizer;
  readonly writer: HypothesisWriter;
  /** Times of a Canary answer, from the second model of its checkpoint. */
  readonly aligner?: Aligner;
  /** Voice detectors that calls have named. */
  readonly detectors: VoiceDetectors;
};

/** A model with its present settings. */
export interface RunningModel {
  readonly parts: EngineParts;
  readonly decoder: 'ctc' | 'transducer' | 'aed';
  /** The head in use, by the name timestamps go by. */
  readonly decoderKind: 'ctc' | 'rnnt' | 'tdt' | 'aed';
  /** How CTC and transducer heads decode; undefined for other models. */
  readonly decoding: Decoding | undefined;
  readonly maxSymbols: number;
  readonly context: ContextSize;
  transcribe(audio: readonly AudioInput[], options?: TranscribeOptions): Promise<readonly TranscribeResult[]>;
}
