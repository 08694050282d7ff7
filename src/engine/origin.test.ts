/** Checkpoints that rest in the store: where they came from, and what becomes of copies that cannot be used as they are. */
import 'fake-indexeddb/auto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { StorageServer } from '../../e2e/support/storage-server.ts';
import { IdbPartStore } from '../checkpoint/idb-part-store.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import { FORMAT } from './checkpoint-parts.ts';
import { obtainParts } from './obtain-parts.ts';
import { type Target, choosePrecision } from './precision.ts';

const store = new CheckpointStore(new IdbPartStore('origin'));
const target: Target = { encoder: 'wasm', decoder: 'wasm', hasShaderF16: false };
const archive = openGolden('quartznet-ctc-char').archive();
let server: StorageServer;

beforeAll(async () => {
  server = await StorageServer.start();
  server.files.set('/tiny.nemo', new Uint8Array(await archive.arrayBuffer()));
});
afterAll(() => server.close());

async function obtain(source: CheckpointSource, precision: 'fp32' | 'int8' = 'fp32') {
  const parts = await obtainParts(source, { store, source: { store }, precision: choosePrecision(precision, target) });
  parts.release();
  return parts;
}

test('a download is remembered by its address; one with a query, or a file, is not', async () => {
  const url = `${server.url}/tiny.nemo`;
  expect((await obtain({ kind: 'url', url })).meta.origin).toMatchObject({ source: { kind: 'url', url } });
  const [entry] = await store.list();
  const stored = await obtain({ kind: 'stored', id: entry!.id });
  expect(stored.fromCache).toBe(true);
  expect(stored.meta.origin?.source).toEqual({ kind: 'url', url });
  await store.delete(entry!.id);
  expect((await obtain({ kind: 'url', url: `${url}?key=secret` })).meta.origin).toBeUndefined();
  for (const { id } of await store.list()) await store.delete(id);
  expect((await obtain({ kind: 'file', file: archive, name: 'mine.nemo' })).meta.origin).toBeUndefined();
});

test('a copy of another version, or in another precision, is fetched anew; without an origin the error says what to do', async () => {
  const url = `${server.url}/tiny.nemo`;
  const { meta } = await obtain({ kind: 'url', url });
  const old = { name: 'tiny.nemo', className: 'EncDecCTCModel', data: { ...meta, format: FORMAT - 1 } };
  await store.put('old#1', [{ name: 'encoder.onnx', bytes: new Uint8Array(3) }], { meta: old });
  expect((await obtain({ kind: 'stored', id: 'old#1' })).meta.format).toBe(FORMAT);

  const entry = (await store.list()).find(({ id }) => id.endsWith(`#${FORMAT}`) && id.includes('tiny'))!;
  expect((await obtain({ kind: 'stored', id: entry.id }, 'int8')).meta.precision).toBe('int8');

  const { origin: _, ...rest } = meta;
  await store.put('lost#1', [{ name: 'encoder.onnx', bytes: new Uint8Array(3) }], {
    meta: { ...old, data: { ...rest, format: FORMAT - 1 } },
  });
  await expect(obtain({ kind: 'stored', id: 'lost#1' })).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(/tiny\.nemo was stored by another version of Sotto.*open the file again/),
  });
});

test('a copy that another version left goes when the same content is converted again; other content stays', async () => {
  const { meta } = await obtain({ kind: 'file', file: archive, name: 'again.nemo' });
  const entry = (await store.list()).find(({ id }) => id.includes('again'))!;
  const left = { name: 'again.nemo', className: 'EncDecCTCModel', data: { ...meta, format: FORMAT - 1 } };
  const contentId = entry.id.slice(0, entry.id.lastIndexOf('#'));
  const put = (id: string) => store.put(id, [{ name: 'encoder.onnx', bytes: new Uint8Array(3) }], { meta: left });
  await put(`${contentId}#${FORMAT - 1}`);
  await put(`${contentId}0#${FORMAT - 1}`);
  await store.delete(entry.id);
  await obtain({ kind: 'file', file: archive, name: 'again.nemo' });
  const ids = (await store.list()).map(({ id }) => id).filter((id) => id.startsWith(contentId));
  expect(ids.sort()).toEqual([entry.id, `${contentId}0#${FORMAT - 1}`].sort());
});
