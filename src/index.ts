/**
 * Sotto's public API: NeMo's ASR models in the page, under NeMo's names in camelCase.
 *
 * Nothing here touches the DOM or starts a worker when imported; a worker starts with the first checkpoint that is opened.
 */
export { AsrError, type ErrorCode, isAsrError } from './base/errors.ts';
export type { CheckpointFiles } from './base/files.ts';
export type {
  CharStamp,
  ClassScore,
  FrameScores,
  Hypothesis,
  SegmentStamp,
  TimeSpan,
  Timestamp,
  WordStamp,
} from './base/hypothesis.ts';
export type { OnProgress, Progress } from './base/progress.ts';
export type {
  AudioEntry,
  AudioInput,
  BiasingRequest,
  BufferedOptions,
  CallOptions,
  Device,
  LoadOptions,
  LongAudioMode,
  ModelInfo,
  ModelReport,
  Precision,
  PromptOption,
  PromptValue,
  SelfTestReport,
  StoredCheckpoint,
  StreamUpdate,
  TranscribeResult,
} from './engine/options.ts';
export { ASRModel, type TranscribeConfig } from './rpc/asr-model.ts';
export type { PageAudio, TranscribeInput } from './rpc/audio-input.ts';
export type { ManifestInput, ResolvedAudio } from './rpc/manifest-input.ts';
export {
  ASRWithTTSModel,
  EncDecClassificationModel,
  EncDecCTCModel,
  EncDecCTCModelBPE,
  EncDecFrameClassificationModel,
  EncDecHybridRNNTCTCBPEModel,
  EncDecHybridRNNTCTCBPEModelWithPrompt,
  EncDecHybridRNNTCTCModel,
  EncDecMultiTaskModel,
  EncDecRNNTBPEModel,
  EncDecRNNTBPEModelWithPrompt,
  EncDecRNNTModel,
} from './rpc/model-classes.ts';
export type { PretrainedModelInfo } from './base/pretrained.ts';
export type { CheckpointSource } from './rpc/source.ts';
export { deleteStored, listStored } from './rpc/stored.ts';
export type { TranscriptionStream } from './rpc/stream.ts';
export type {
  OpenedCheckpoint,
  PageStreamOptions as StreamOptions,
  PageTranscribeOptions as TranscribeOptions,
  VoiceDetectorOptions,
} from './rpc/voice-detector.ts';
export type { VoiceActivityOptions } from './audio/voice-activity.ts';
export type { RemoteSize } from './rpc/protocol.ts';
export { measureRemote } from './rpc/measure.ts';
export type { CaptionProfile } from './text/caption-profile.ts';
export { type CtmOptions, toCtm } from './text/ctm.ts';
export { type ManifestLineOptions, toManifestLine } from './text/manifest-line.ts';
export { toText } from './text/plain-text.ts';
export { type SrtOptions, toSrt, toVtt, type VttOptions } from './text/subtitles.ts';
export { type JsonOptions, toJson, toVerboseJson, type VerboseJson, type VerboseSegment } from './text/verbose-json.ts';
export {
  type ErrorRateDetail,
  type ErrorRateOptions,
  wordErrorRate,
  wordErrorRateDetail,
} from './text/word-error-rate.ts';
export type { Microphone } from './audio/capture.ts';
export { openMicrophone } from './ui/microphone.ts';
