/** The NeMo classes that can be opened, by the name at the end of `target`. */
import { at, targetClass } from './config.ts';

export const CTC_CLASSES: readonly string[] = ['EncDecCTCModel', 'EncDecCTCModelBPE'];
export const TRANSDUCER_CLASSES: readonly string[] = [
  'EncDecRNNTModel',
  'EncDecRNNTBPEModel',
  'EncDecRNNTBPEModelWithPrompt',
  'EncDecRNNTBPEEOUModel',
];
export const HYBRID_CLASSES: readonly string[] = [
  'EncDecHybridRNNTCTCModel',
  'EncDecHybridRNNTCTCBPEModel',
  'EncDecHybridRNNTCTCBPEModelWithPrompt',
  'EncDecHybridRNNTCTCBPEEOUModel',
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

/** What NeMo's classes inherit from, below `ASRModel`. */
const PARENTS: Readonly<Record<string, string>> = {
  EncDecCTCModelBPE: 'EncDecCTCModel',
  EncDecRNNTBPEModel: 'EncDecRNNTModel',
  EncDecRNNTBPEModelWithPrompt: 'EncDecRNNTBPEModel',
  EncDecRNNTBPEEOUModel: 'EncDecRNNTBPEModel',
  EncDecHybridRNNTCTCModel: 'EncDecRNNTModel',
  EncDecHybridRNNTCTCBPEModel: 'EncDecHybridRNNTCTCModel',
  EncDecHybridRNNTCTCBPEModelWithPrompt: 'EncDecHybridRNNTCTCBPEModel',
  EncDecHybridRNNTCTCBPEEOUModel: 'EncDecHybridRNNTCTCBPEModel',
};

/** True when a checkpoint of `className` is a `wanted`, by NeMo's inheritance: a class restores its own checkpoints and its subclasses'. */
export function isA(className: string, wanted: string): boolean {
  if (wanted === 'ASRModel' || className === wanted) return true;
  const parent = Object.hasOwn(PARENTS, className) ? PARENTS[className] : undefined;
  return parent !== undefined && isA(parent, wanted);
}

/**
 * The class of a checkpoint: the last component of `target`. A configuration without one is told by its parts, because NeMo restores it with
 * whatever class it is asked to; '' when they fit no class.
 */
export function modelClass(config: unknown): string {
  return targetClass(config) || classOfParts(config);
}

function classOfParts(config: unknown): string {
  const has = (section: string): boolean => typeof (at(config, section) ?? undefined) === 'object';
  if (!has('encoder') || !has('preprocessor')) return '';
  const pieces = has('tokenizer') ? 'BPE' : '';
  if (has('transf_decoder')) return 'EncDecMultiTaskModel';
  if (has('joint')) return has('aux_ctc') ? `EncDecHybridRNNTCTC${pieces}Model` : `EncDecRNNT${pieces}Model`;
  const head = targetClass(at(config, 'decoder'));
  if (head === 'ConvASRDecoder') return `EncDecCTCModel${pieces}`;
  return head === 'ConvASRDecoderClassification' ? 'EncDecClassificationModel' : '';
}
