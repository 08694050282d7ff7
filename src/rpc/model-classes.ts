/**
 * NeMo's model classes by name. Each opens checkpoints of its own class only; `ASRModel` opens all.
 *
 * They differ in the check, not in the code: what a model can do follows from its checkpoint.
 */
import { ASRModel, type LoadedModel } from './asr-model.ts';

/** CTC with a character vocabulary (NeMo `EncDecCTCModel`). */
export class EncDecCTCModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecCTCModel';
}

/** CTC with a subword tokenizer (NeMo `EncDecCTCModelBPE`). */
export class EncDecCTCModelBPE extends ASRModel {
  static override readonly nemoClass: string = 'EncDecCTCModelBPE';
}

/** RNN transducer with a character vocabulary (NeMo `EncDecRNNTModel`). */
export class EncDecRNNTModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecRNNTModel';
}

/** RNN or token-and-duration transducer with a subword tokenizer (NeMo `EncDecRNNTBPEModel`). */
export class EncDecRNNTBPEModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecRNNTBPEModel';
}

/** Transducer and CTC head on one encoder, characters (NeMo `EncDecHybridRNNTCTCModel`). */
export class EncDecHybridRNNTCTCModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecHybridRNNTCTCModel';
}

/** Transducer and CTC head on one encoder, subwords (NeMo `EncDecHybridRNNTCTCBPEModel`). */
export class EncDecHybridRNNTCTCBPEModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecHybridRNNTCTCBPEModel';
}

/** Cache-aware transducer with a language prompt (NeMo `EncDecRNNTBPEModelWithPrompt`). */
export class EncDecRNNTBPEModelWithPrompt extends ASRModel {
  static override readonly nemoClass: string = 'EncDecRNNTBPEModelWithPrompt';
}

/** Transducer and CTC head with a language prompt (NeMo `EncDecHybridRNNTCTCBPEModelWithPrompt`). */
export class EncDecHybridRNNTCTCBPEModelWithPrompt extends ASRModel {
  static override readonly nemoClass: string = 'EncDecHybridRNNTCTCBPEModelWithPrompt';
}

/** Canary: encoder, transformer decoder and task prompts (NeMo `EncDecMultiTaskModel`). */
export class EncDecMultiTaskModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecMultiTaskModel';
}

/** One label an utterance (NeMo `EncDecClassificationModel`). */
export class EncDecClassificationModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecClassificationModel';
}

/** One label a frame, e.g. voice activity (NeMo `EncDecFrameClassificationModel`). */
export class EncDecFrameClassificationModel extends ASRModel {
  static override readonly nemoClass: string = 'EncDecFrameClassificationModel';
}

/** A recogniser trained with a text-to-speech model (NeMo `ASRWithTTSModel`); only its recogniser runs here. */
export class ASRWithTTSModel extends ASRModel {
  static override readonly nemoClass: string = 'ASRWithTTSModel';
  /** The recogniser inside (NeMo `asr_model`): the same model in the same worker, so disposing one ends both. */
  readonly asrModel: ASRModel;

  /** @internal */
  constructor(loaded: LoadedModel) {
    super(loaded);
    const cfg = (loaded.cfg as { asr_model?: { target?: unknown } }).asr_model;
    const className = String(cfg?.target ?? loaded.info.className)
      .split('.')
      .at(-1) as string;
    this.asrModel = new InnerRecognizer({ ...loaded, cfg, info: { ...loaded.info, className } });
  }

  /** The recogniser inside as a `.nemo` of its own (NeMo `save_asr_model_to`). */
  saveAsrModelTo(): Promise<Blob> {
    return this.call('saveAsrModelTo');
  }
}

/** What `asrModel` gives: saving it takes the recogniser out. */
class InnerRecognizer extends ASRModel {
  override saveTo(): Promise<Blob> {
    return this.call('saveAsrModelTo');
  }
}
