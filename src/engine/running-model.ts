/** What a recognizer is to the engine's own jobs and streams: its parts, and its present settings. */
import type { MelConfig, MelExtractor } from '../audio/mel.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Aligner } from './aligner.ts';
import type { CommonParts } from './checkpoint-model.ts';
import type { Decoding } from './decoding.ts';
import type { EncoderRunner } from './encoder-runner.ts';
import type { HypothesisWriter } from './hypothesis.ts';
import type { AudioInput, TranscribeOptions, TranscribeResult } from './options.ts';
import type { VoiceDetectors } from './voice-detectors.ts';

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
