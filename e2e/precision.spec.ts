/** Small weights through the public API in a browser: the same words, what ran told, and each precision stored for itself. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { WRITTEN, checkpoint, clip, test } from './support/page.ts';
import { serveLibrary } from './support/library.ts';

test('small weights give the same words, and the second time come from the store', async ({ page, device }) => {
  await using library = await serveLibrary();
  await page.goto(library.url);
  const archive = [...(await readFile(checkpoint('fastconformer-tdt-bpe')))];
  const wav = [...(await readFile(clip('morning')))];
  // Shaders are compiled on the processor here: one precision is enough to see blocks multiplied.
  const precisions = device === 'wasm' ? ['fp16', 'int8', 'int4'] : ['int8'];
  const runs = await page.evaluate(
    async ([archive, wav, device, precisions]) => {
      const { ASRModel, listStored } = await import(`${location.origin}/index.js`);
      const file = new File([new Uint8Array(archive)], 'tiny.nemo');
      const told: unknown[] = [];
      for (const precision of precisions) {
        for (const visit of ['first', 'second']) {
          const model = await ASRModel.restoreFrom(file, { device, precision });
          const [hypothesis] = visit === 'first' ? await model.transcribe(new Blob([new Uint8Array(wav)])) : [];
          const { fromCache, arithmetic } = model.report;
          told.push([model.report.device, model.report.precision, arithmetic, fromCache, hypothesis?.text]);
          await model[Symbol.asyncDispose]();
        }
      }
      const refusal = await ASRModel.restoreFrom(file, { device, precision: 'int2' }).catch((error: unknown) => error);
      const stored = (await listStored()) as { precision: string }[];
      return {
        told,
        stored: stored.map(({ precision }) => precision).sort(),
        code: refusal.code,
        message: refusal.message,
      };
    },
    [archive, wav, device, precisions] as const,
  );
  const arithmetic = (precision: string) => (device === 'wasm' && precision === 'int8' ? 'int8' : 'fp32');
  expect(runs.told).toEqual(
    precisions.flatMap((precision) => [
      [device, precision, arithmetic(precision), false, WRITTEN.morning],
      [device, precision, arithmetic(precision), true, undefined],
    ]),
  );
  expect(runs.stored).toEqual([...precisions].sort());
  expect(runs.code).toBe('unsupported-option');
  expect(runs.message).toMatch(/"fp32", "fp16", "int8" or "int4"/);
});
