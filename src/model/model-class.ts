/** The NeMo classes that can be opened, by the name at the end of `target`. */

export const CTC_CLASSES: readonly string[] = ['EncDecCTCModel', 'EncDecCTCModelBPE'];
export const TRANSDUCER_CLASSES: readonly string[] = [
  'EncDecRNNTModel',
  'EncDecRNNTBPEModel',
  'EncDecRNNTBPEModelWithPrompt',
];
export const HYBRID_CLASSES: readonly string[] = [
  'EncDecHybridRNNTCTCModel',
  'EncDecHybridRNNTCTCBPEModel',
  'EncDecHybridRNNTCTCBPEModelWithPrompt',
];
export const AED_CLASSES: readonly string[] = ['EncDecMultiTaskModel'];
export const CLASSIFIER_CLASSES: readonly string[] = ['EncDecClassificationModel', 'EncDecFrameClassificationModel'];
/** A recognizer in the company of a text-to-speech model, which is left where it is. */
export const ASR_WITH_TTS = 'ASRWithTTSModel';

/** Every class that opens, for error messages. */
export const SUPPORTED_CLASSES: readonly string[] = [
  ...CTC_CLASSES,
  ...TRANSDUCER_CLASSES,
  ...HYBRID_CLASSES,
  ...AED_CLASSES,
  ...CLASSIFIER_CLASSES,
  ASR_WITH_TTS,
];
