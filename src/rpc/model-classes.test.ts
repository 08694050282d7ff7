/** What an ASR-TTS hybrid's handle shows of the recognizer inside. */
import { expect, test } from 'vitest';
import type { LoadedModel } from './asr-model.ts';
import { ASRWithTTSModel } from './model-classes.ts';

test('asrModel is the recognizer inside, by its own class and configuration', () => {
  const asr_model = { target: 'nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE', sample_rate: 16000 };
  const info = { name: 'hybrid.nemo', className: 'ASRWithTTSModel' };
  const hybrid = new ASRWithTTSModel({ info, cfg: { asr_model } } as unknown as LoadedModel);
  expect(hybrid.info.className).toBe('ASRWithTTSModel');
  expect(hybrid.asrModel.info).toEqual({ name: 'hybrid.nemo', className: 'EncDecCTCModelBPE' });
  expect(hybrid.asrModel.cfg).toEqual(asr_model);
});
