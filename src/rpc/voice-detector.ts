/** The voice detector a call names, turned into what can be posted: the recognizer's worker opens it for itself. */
import type { StreamOptions, TranscribeOptions, VadOptions } from '../engine/options.ts';
import type { ModelInfo, WireSource } from './protocol.ts';
import { type CheckpointSource, toWireSource } from './source.ts';

/** A model that is open already, such as an `EncDecFrameClassificationModel`; it goes on for itself. */
export type OpenedCheckpoint = { readonly info: ModelInfo; readonly source: WireSource };

/** Which voice detector to use, and when it hears speech (NeMo's post-processing). */
export type VoiceDetectorOptions = Omit<VadOptions, 'checkpoint'> & {
  /** An opened model, or what opens one: as for `restoreFrom`, or a name as for `fromPretrained`. */
  readonly checkpoint: OpenedCheckpoint | CheckpointSource;
};

/** Options of `transcribe`, as a page gives them. */
export type PageTranscribeOptions = Omit<TranscribeOptions, 'vad'> & { readonly vad?: VoiceDetectorOptions };

/** Options of `stream`, as a page gives them. */
export type PageStreamOptions = Omit<StreamOptions, 'vad'> & { readonly vad?: VoiceDetectorOptions };

/** `vad` of some options as the engine takes it. Throws `TypeError` for what names no checkpoint. */
export async function withWireVad<Options extends { readonly vad?: VoiceDetectorOptions }>({
  vad,
  ...options
}: Options): Promise<Omit<Options, 'vad'> & { readonly vad?: VadOptions }> {
  if (!vad) return options;
  return { ...options, vad: { ...vad, checkpoint: await sourceOf(vad.checkpoint) } };
}

function sourceOf(checkpoint: VoiceDetectorOptions['checkpoint']): WireSource | Promise<WireSource> {
  if (isOpened(checkpoint)) return checkpoint.source;
  const isName =
    typeof checkpoint === 'string' && /^[\w.-]+(\/[\w.-]+)?$/.test(checkpoint) && !/\.nemo$/i.test(checkpoint);
  return isName ? { kind: 'pretrained', name: checkpoint } : toWireSource(checkpoint);
}

function isOpened(checkpoint: VoiceDetectorOptions['checkpoint']): checkpoint is OpenedCheckpoint {
  return typeof checkpoint === 'object' && 'source' in checkpoint && 'info' in checkpoint;
}
