/** NeMo's inheritance, as far as restoring through a class depends on it. */
import { expect, test } from 'vitest';
import { isA, modelClass, SUPPORTED_CLASSES } from './model-class.ts';

test('a class takes its own checkpoints and those of its subclasses', () => {
  for (const className of SUPPORTED_CLASSES) {
    expect(isA(className, className)).toBe(true);
    expect(isA(className, 'ASRModel')).toBe(true);
  }
  expect(isA('EncDecCTCModelBPE', 'EncDecCTCModel')).toBe(true);
  expect(isA('EncDecHybridRNNTCTCBPEModelWithPrompt', 'EncDecRNNTModel')).toBe(true);
});

test('and no others', () => {
  expect(isA('EncDecCTCModel', 'EncDecCTCModelBPE')).toBe(false);
  expect(isA('EncDecHybridRNNTCTCBPEModel', 'EncDecRNNTBPEModel')).toBe(false);
  expect(isA('EncDecHybridRNNTCTCBPEModel', 'EncDecCTCModel')).toBe(false);
  expect(isA('EncDecFrameClassificationModel', 'EncDecClassificationModel')).toBe(false);
});

test('a configuration without a target is told by its parts', () => {
  const acoustics = { encoder: {}, preprocessor: {} };
  const decoder = { _target_: 'nemo.collections.asr.modules.ConvASRDecoder' };
  const named = (parts: object): string => modelClass({ ...acoustics, ...parts });
  expect(named({ decoder })).toBe('EncDecCTCModel');
  expect(named({ decoder, tokenizer: { type: 'bpe' } })).toBe('EncDecCTCModelBPE');
  expect(named({ decoder: {}, joint: {} })).toBe('EncDecRNNTModel');
  expect(named({ decoder: {}, joint: {}, aux_ctc: {}, tokenizer: {} })).toBe('EncDecHybridRNNTCTCBPEModel');
  expect(named({ transf_decoder: {}, tokenizer: {} })).toBe('EncDecMultiTaskModel');
  expect(named({ decoder: { _target_: 'a.ConvASRDecoderClassification' } })).toBe('EncDecClassificationModel');
  expect(named({ decoder: { _target_: 'a.SpeakerDecoder' } })).toBe('');
  expect(named({ target: 'a.Mine', decoder })).toBe('Mine');
  expect(modelClass({ decoder })).toBe('');
});
