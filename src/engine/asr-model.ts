/**
 * A checkpoint that transcribes and streams, with the settings NeMo lets its users change. Lives in the worker (or in Node).
 */
import { AsrError } from '../base/errors.ts';
import type { AttentionChange } from '../model/attention-switch.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { attentionContexts, contextOfSize } from '../model/encoder.ts';
import { CheckpointModel } from './checkpoint-model.ts';
import { type Decoding, changedDecoding, chooseHead, loadedDecoding } from './decoding.ts';
import type { EngineModel, EngineStream } from './engine-model.ts';
import type { EngineParts, RunningModel } from './running-model.ts';
import type { AudioInput, StreamOptions, StreamUpdate, TranscribeOptions, TranscribeResult } from './options.ts';
import { openStream } from './streaming.ts';
import { transcribeEntries } from './transcribe-entries.ts';

export class LoadedModel extends CheckpointModel<EngineParts> implements EngineModel, RunningModel {
  decoder: 'ctc' | 'transducer' | 'aed';
  decoding: Decoding | undefined;
  context: ContextSize;

  constructor(parts: EngineParts) {
    super(parts);
    this.decoder = parts.spec.defaultDecoder;
    this.decoding = loadedDecoding(parts, this.decoder);
    this.context = attentionContexts(parts.spec.encoder)[0] as ContextSize;
  }

  get cfg(): unknown {
    return this.parts.wholeConfig;
  }

  /** The head in use, by the name timestamps go by. */
  get decoderKind(): 'ctc' | 'rnnt' | 'tdt' | 'aed' {
    return this.decoder === 'transducer' ? (this.parts.spec.transducer?.kind ?? 'rnnt') : this.decoder;
  }

  /** Tokens a frame may emit. */
  get maxSymbols(): number {
    const config = this.decoding?.config;
    return config?.head === 'transducer' ? config.maxSymbols : this.parts.spec.maxSymbols;
  }

  async transcribe(
    audio: readonly AudioInput[],
    options: TranscribeOptions = {},
  ): Promise<readonly TranscribeResult[]> {
    this.assertUsable();
    if (audio.length === 0) throw new TypeError('transcribe() needs at least one recording.');
    return transcribeEntries(this, audio, options);
  }

  async openStream(options: StreamOptions, onUpdate: (update: StreamUpdate) => void): Promise<EngineStream> {
    this.assertUsable();
    return openStream(this, options, onUpdate);
  }

  /**
   * NeMo `change_decoding_strategy`: `config` replaces the decoding config, its gaps filled with NeMo's defaults; none brings the checkpoint's
   * own back. Hybrids decode with the transducer unless `decoderType` says `ctc`. What NeMo refuses is refused, and unknown keys too.
   */
  async changeDecodingStrategy(
    config?: object | null,
    { decoderType }: { decoderType?: 'ctc' | 'rnnt' } = {},
  ): Promise<void> {
    this.assertUsable();
    const { spec } = this.parts;
    const head = chooseHead(spec, decoderType);
    const decoding = await changedDecoding(this.parts, config, head);
    this.decoder = head;
    this.decoding = decoding;
  }

  /** NeMo `change_attention_model`: full or local attention on the same weights; streaming keeps the checkpoint's own. */
  changeAttentionModel(change: AttentionChange): void {
    this.assertUsable();
    this.context = this.parts.encoder.changeAttention(change);
  }

  /**
   * NeMo `encoder.set_default_att_context_size`: the look-ahead of cache-aware checkpoints, offline and streaming; left, chunk and right of those
   * that are streamed in buffers, as parakeet-unified is.
   */
  setDefaultAttContextSize(size: readonly number[]): void {
    const { encoder } = this.parts.spec;
    const context = contextOfSize(encoder, size);
    if (!context) {
      const takesChunks = encoder.kind === 'conformer' && encoder.contextStyle === 'chunked_limited_with_rc';
      const others = takesChunks ? ', or [left, chunk, right] in frames' : '';
      throw new AsrError(
        'unsupported-option',
        `attContextSize [${size.join(', ')}] is not one of the checkpoint's: ${JSON.stringify(attentionContexts(encoder))}${others}.`,
      );
    }
    this.context = context;
  }

  /**
   * NeMo `change_subsampling_conv_chunking_factor`: into how many chunks of time the convolutions before the layers are cut. 1 chooses by size, -1
   * leaves them whole. Results stay the same.
   *
   * @throws AsrError `unsupported-option` for what NeMo refuses: other odd numbers; and for 0 and less
   */
  changeSubsamplingConvChunkingFactor(factor: number): void {
    this.assertUsable();
    this.parts.encoder.changeChunking(factor);
  }

  /** NeMo `ASRWithTTSModel.save_asr_model_to`; other classes refuse. */
  saveAsrModelTo(): Promise<Blob> {
    this.assertUsable();
    return this.parts.exports.saveAsrModelTo();
  }

  override async dispose(): Promise<void> {
    await super.dispose();
    await this.parts.aligner?.dispose();
    await this.parts.detectors.dispose();
  }
}
