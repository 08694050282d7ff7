/** The user's own files, and what rests in the store, as checkpoints. */
import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { IdbPartStore } from './idb-part-store.ts';
import { type CheckpointSource, openSource } from './source.ts';
import { CheckpointStore } from './store.ts';

const nemo = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 3 * 2654435761) >>> 11);
const hashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');
const store = new CheckpointStore(new IdbPartStore('local-source'));
const open = (source: CheckpointSource): ReturnType<typeof openSource> => openSource(source, { store });
const contentOf = async (blob: Blob): Promise<string> => hashOf(new Uint8Array(await blob.arrayBuffer()));

test('one file is given as it is; its id tells content, not only name and size', async () => {
  const file = new Blob([nemo]);
  const changed = nemo.slice();
  changed[150_000]! ^= 1;
  const source = await open({ kind: 'file', file, name: 'a.nemo' });
  expect(await source.open({})).toBe(file);
  expect((await open({ kind: 'file', file: new Blob([nemo]), name: 'a.nemo' })).id).toBe(source.id);
  expect((await open({ kind: 'file', file: new Blob([changed]), name: 'a.nemo' })).id).not.toBe(source.id);
});

test('a folder is rooted where its model_config.yaml lies', async () => {
  const files = [
    { name: 'drop/model/model_config.yaml', file: new Blob(['a']) },
    { name: 'drop/model/tokenizer/vocab.txt', file: new Blob(['b']) },
    { name: 'drop/notes.txt', file: new Blob(['c']) },
  ];
  const opened = await (await open({ kind: 'files', files })).open({});
  expect([...(opened as ReadonlyMap<string, Blob>).keys()]).toEqual(['model_config.yaml', 'tokenizer/vocab.txt']);
});

test('files without a NeMo configuration keep their names below what they have in common', async () => {
  const files = ['onnx/int8/encoder.onnx', 'onnx/int8/decoder.onnx'].map((name) => ({
    name,
    file: new Blob([name]),
  }));
  const opened = await (await open({ kind: 'files', files })).open({});
  expect([...(opened as ReadonlyMap<string, Blob>).keys()]).toEqual(['encoder.onnx', 'decoder.onnx']);
});

test('one .nemo among several files is the checkpoint; two, or none at all, are an error', async () => {
  const named = (name: string): { name: string; file: Blob } => ({ name, file: new Blob([name]) });
  const source = await open({ kind: 'files', files: [named('dir/a.nemo'), named('dir/readme')] });
  expect(source.name).toBe('a.nemo');
  expect(await source.open({})).toBeInstanceOf(Blob);
  await expect(open({ kind: 'files', files: [named('a.nemo'), named('b.nemo')] })).rejects.toMatchObject({
    code: 'checkpoint-not-found',
  });
  await expect(open({ kind: 'files', files: [] })).rejects.toMatchObject({ code: 'checkpoint-not-found' });
});

test('a stored checkpoint opens by its id, and is told when it is gone', async () => {
  await store.put('x', [{ name: 'f', bytes: nemo }], { meta: { name: 'X', className: 'C' } });
  const source = await open({ kind: 'stored', id: 'x' });
  expect(source).toMatchObject({ id: 'x', name: 'X', sizeBytes: nemo.length });
  expect(await contentOf(((await source.open({})) as ReadonlyMap<string, Blob>).get('f')!)).toBe(hashOf(nemo));
  await store.delete('x');
  await expect(source.open({})).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  await expect(open({ kind: 'stored', id: 'x' })).rejects.toMatchObject({ code: 'checkpoint-not-found' });
});
