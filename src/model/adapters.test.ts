import { expect, test } from 'vitest';
import { readAdapters } from './adapters.ts';

const linear = { _target_: 'nemo.collections.common.parts.adapter_modules.LinearAdapter', in_features: 8, dim: 4 };
const inModule = (module: string) => ({ adapter_meta_cfg: { modules: { mine: module } } });

test('enabled linear adapters are read in order, with the defaults of NeMo; disabled ones are left out', () => {
  const adapters = {
    global_cfg: {},
    first: linear,
    second: { ...linear, enabled: false },
    third: { ...linear, enabled: true, activation: 'relu', norm_position: 'post' },
  };
  expect(readAdapters({ adapters })).toEqual([
    { name: 'first', size: 4, activation: 'swish', normFirst: true },
    { name: 'third', size: 4, activation: 'relu', normFirst: false },
  ]);
  expect(readAdapters({})).toEqual([]);
});

test.each([
  ['another module', { mine: linear, global_cfg: inModule('joint') }, 'belongs to joint'],
  ['another kind', { mine: { ...linear, _target_: 'nemo.RelPositionMultiHeadAttentionAdapter' } }, '_target_ is'],
  ['another strategy', { mine: { ...linear, adapter_strategy: { _target_: 'a.ReturnResult' } } }, 'ReturnResult'],
])('an adapter of %s is refused by name', (_, adapters, message) => {
  expect(() => readAdapters({ adapters })).toThrow(
    expect.objectContaining({ code: 'checkpoint-unsupported', message: expect.stringContaining(message) }),
  );
});
