/** One checkpoint in several precisions in the same store (IndexedDB by fake-indexeddb). */
import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { loadModel } from './load.ts';
import type { LoadOptions } from './options.ts';
import { listStored } from './stored.ts';

test('parts are stored by precision, found again by it, and by the id of any of them', async () => {
  const golden = openGolden('quartznet-ctc-char');
  const file = { kind: 'file', file: golden.archive(), name: 'quartznet.nemo' } as const;
  const report = async (source: Parameters<typeof loadModel>[0], precision?: LoadOptions['precision']) => {
    const model = await loadModel(source, { device: 'wasm', ...(precision ? { precision } : {}) });
    const { report: told } = model;
    await model.dispose();
    return { precision: told.precision, fromCache: told.fromCache };
  };

  expect(await report(file, 'int8')).toEqual({ precision: 'int8', fromCache: false });
  expect(await report(file)).toEqual({ precision: 'fp32', fromCache: false }); // not what happens to be there
  expect(await report(file, 'int8')).toEqual({ precision: 'int8', fromCache: true });
  expect(await report(file)).toEqual({ precision: 'fp32', fromCache: true });

  const stored = await listStored();
  expect(stored.map(({ name, precision }) => [name, precision]).sort()).toEqual([
    ['quartznet.nemo', 'fp32'],
    ['quartznet.nemo', 'int8'],
  ]);
  const { id } = stored.find(({ precision }) => precision === 'fp32')!;
  expect(await report({ kind: 'stored', id })).toEqual({ precision: 'fp32', fromCache: true });
  expect(await report({ kind: 'stored', id }, 'int8')).toEqual({ precision: 'int8', fromCache: true });
  await expect(report({ kind: 'stored', id }, 'fp16')).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringContaining('is fp32'),
  });
});
