/** The catalogue: complete, per class as NeMo lists it, and honest about where things are. */
import { expect, test } from 'vitest';
import { openSource } from '../checkpoint/source.ts';
import { findPretrained, listPretrained } from './catalogue.ts';
import { refusalOf } from './refused.ts';

test('every entry is whole, named once, and to be had somewhere', () => {
  const models = listPretrained('ASRModel');
  expect(models.length).toBeGreaterThan(150);
  expect(new Set(models.map(({ name }) => name)).size).toBe(models.length);
  for (const model of models) {
    expect(model.parameters, model.name).toBeGreaterThan(0);
    expect(model.description, model.name).not.toMatch(/^,/);
    for (const language of model.languages) expect(language, model.name).toMatch(/^[a-z]{2,3}$/);
    expect(model.hub ?? model.ngc ?? model.name).toBeDefined();
    if (!model.hub && !model.ngc) expect(model.name).toBe('sotto-tiny-en');
    expect(refusalOf(model.name)).toBeUndefined();
  }
});

test('a class lists its own checkpoints, ASRModel all', () => {
  expect(listPretrained('EncDecMultiTaskModel').map(({ name }) => name)).toEqual([
    'canary-180m-flash',
    'canary-1b',
    'canary-1b-flash',
    'canary-1b-v2',
  ]);
  expect(listPretrained('EncDecRNNTModel').map(({ name }) => name)).toEqual(['stt_zh_conformer_transducer_large']);
  expect(listPretrained('ASRWithTTSModel')).toEqual([]);
  expect(findPretrained('nvidia/parakeet-tdt-0.6b-v3')).toMatchObject({
    className: 'EncDecRNNTBPEModel',
    parameters: 600e6,
    licence: 'CC-BY-4.0',
    hub: 'nvidia/parakeet-tdt-0.6b-v3',
  });
  expect(findPretrained('parakeet-tdt-0.6b-v3')?.languages).toHaveLength(25);
});

test.each([
  [
    'stt_en_jasper10x5dr',
    'checkpoint-not-found',
    'stt_en_jasper10x5dr/versions/1.0.0rc1/files/stt_en_jasper10x5dr.nemo',
  ],
  ['titanet_large', 'checkpoint-unsupported', 'recognises speakers'],
  ['nvidia/canary-qwen-2.5b', 'checkpoint-unsupported', 'large language model'],
  ['no_such_model', 'checkpoint-not-found', 'nvidia/no_such_model'],
])('fromPretrained(%s) says why it cannot, and what to do', async (name, code, message) => {
  await expect(openSource({ kind: 'pretrained', name })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});
