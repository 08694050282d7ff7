/** NeMo's inheritance, as far as restoring through a class depends on it. */
import { expect, test } from 'vitest';
import { isA, SUPPORTED_CLASSES } from './model-class.ts';

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
