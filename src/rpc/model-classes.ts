/**
 * NeMo's model classes by name. Each opens checkpoints of its own class only; `ASRModel` opens all.
 *
 * They differ in the check, not in the code: what a model can do follows from its checkpoint.
 */
import { ASRModel } from './asr-model.ts';

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

  /** The recogniser inside as a `.nemo` of its own (NeMo `save_asr_model_to`). */
  saveAsrModelTo(): Promise<Blob> {
    return this.call('saveAsrModelTo');
  }
}
