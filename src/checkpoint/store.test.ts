import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { IdbPartStore, openPartStore } from './idb-part-store.ts';
import { MemoryPartStore } from './part-store.ts';
import type { PartStore } from './part-store.ts';
import { CheckpointStore } from './store.ts';
import type { EntryToStore } from './store.ts';
import { sweep } from './sweep.ts';

const PART = 1000;
const meta = { name: 'Tiny', className: 'EncDecCTCModelBPE', data: { precision: 'fp32', order: [1, 2] } };
const encoder = Uint8Array.from({ length: 3 * PART + 17 }, (_, i) => i * 7);
const entries: EntryToStore[] = [
  { name: 'encoder.onnx', bytes: encoder },
  { name: 'vocab.txt', blob: new Blob(['a\nb\n']) },
  { name: 'empty', bytes: new Uint8Array(0) },
  { name: 'exact', bytes: new Uint8Array(2 * PART).fill(9) },
];
const options = { meta, partBytes: PART };

let database = 0;
let parts: PartStore;
let store: CheckpointStore;

beforeEach(() => {
  parts = new IdbPartStore(`store-${database++}`);
  store = new CheckpointStore(parts);
});
afterEach(() => vi.unstubAllGlobals());

const bytesOf = async (blob: Blob | undefined): Promise<Uint8Array> => new Uint8Array(await blob!.arrayBuffer());
const failAfter = (numParts: number, error: Error): void => {
  const putPart = vi.spyOn(parts, 'putPart');
  putPart.mockImplementation(async (key, bytes) => {
    if (putPart.mock.calls.length > numParts) throw error;
    return IdbPartStore.prototype.putPart.call(parts, key, bytes);
  });
};

describe.each([
  ['IndexedDB', () => new IdbPartStore(`kinds-${database++}`)],
  ['memory', () => new MemoryPartStore()],
])('in %s', (_, make) => {
  test('what is put comes back, file by file, with what was said about it', async () => {
    const kind = new CheckpointStore(make());
    await kind.put('id', entries, options);
    const stored = await kind.get('id');
    expect(stored).toMatchObject({ id: 'id', ...meta, bytes: encoder.length + 4 + 2 * PART });
    expect([...stored!.files.keys()]).toEqual(['encoder.onnx', 'vocab.txt', 'empty', 'exact']);
    expect(await bytesOf(stored!.files.get('encoder.onnx'))).toEqual(encoder);
    expect(await stored!.files.get('vocab.txt')!.text()).toBe('a\nb\n');
    expect(stored!.files.get('empty')!.size).toBe(0);
    expect(await bytesOf(stored!.files.get('exact'))).toEqual(new Uint8Array(2 * PART).fill(9));
  });

  test('checkpoints are listed newest first, deleted one by one, and cleared with every trace', async () => {
    const kind = new CheckpointStore(make());
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1000); // however often it is asked
    await kind.put('a', [{ name: 'x', bytes: new Uint8Array(5) }], options);
    clock.mockRestore();
    await kind.put('b', [{ name: 'x', bytes: new Uint8Array(7) }], options);
    expect((await kind.list()).map(({ id, bytes }) => [id, bytes])).toEqual([
      ['b', 7],
      ['a', 5],
    ]);
    await kind.delete('a');
    await kind.delete('never there');
    expect((await kind.list()).map(({ id }) => id)).toEqual(['b']);
    expect(await kind.has('a')).toBe(false);
    await kind.clear();
    expect(await kind.parts.keys('')).toEqual([]);
  });
});

test('nothing is visible before commit, and abort leaves nothing', async () => {
  const writer = await store.beginWrite('id', { partBytes: PART });
  await writer.write('encoder.onnx', encoder.subarray(0, 1500));
  await writer.write('encoder.onnx', encoder.subarray(1500));
  expect(await store.get('id')).toBeUndefined();
  await writer.abort();
  expect(await parts.keys('')).toEqual([]);
  await expect(writer.write('x', encoder)).rejects.toThrow(TypeError);
});

test('pieces of any size make the same file', async () => {
  const writer = await store.beginWrite('id', { partBytes: PART });
  for (let at = 0; at < encoder.length; at += 333) await writer.write('f', encoder.subarray(at, at + 333));
  await writer.commit(meta);
  expect(await bytesOf((await store.get('id'))!.files.get('f'))).toEqual(encoder);
});

test('a checkpoint is replaced as a whole, and the old copy leaves nothing behind', async () => {
  await store.put('id', entries, options);
  const before = (await parts.keys('')).length;
  const writer = await store.beginWrite('id', { partBytes: PART });
  await writer.write('new', new Uint8Array(2500).fill(3));
  const old = await store.get('id');
  expect([...old!.files.keys()]).toContain('encoder.onnx');
  old!.release();
  await writer.commit({ ...meta, name: 'Newer' });
  expect(await store.get('id')).toMatchObject({ name: 'Newer', bytes: 2500 });
  expect((await parts.keys('')).length).toBeLessThan(before);
  expect(await parts.keys('part/')).toHaveLength(3);
});

test('files already handed out stay readable after delete', async () => {
  await store.put('id', entries, options);
  const [stored, another] = [await store.get('id'), await store.get('id')];
  await store.delete('id');
  expect(await store.has('id')).toBe(false);
  expect(await bytesOf(stored!.files.get('encoder.onnx'))).toEqual(encoder);
  stored!.release();
  await store.sweep();
  expect(await bytesOf(another!.files.get('encoder.onnx'))).toEqual(encoder);
  another!.release();
  await vi.waitFor(async () => {
    await store.sweep();
    expect(await parts.keys('')).toEqual([]);
  });
});

test('a checkpoint that is replaced while it is open stays readable too', async () => {
  await store.put('id', entries, options);
  const old = await store.get('id');
  await store.put('id', [{ name: 'encoder.onnx', bytes: new Uint8Array(5) }], options);
  expect(await bytesOf(old!.files.get('encoder.onnx'))).toEqual(encoder);
  expect((await store.get('id'))!.files.get('encoder.onnx')!.size).toBe(5);
});

test('a checkpoint with a missing part counts as not stored and is removed', async () => {
  await store.put('id', entries, options);
  await parts.delete([(await parts.keys('part/')).find((key) => key.endsWith('/0/1'))!]);
  expect(await store.get('id')).toBeUndefined();
  expect(await parts.keys('')).toEqual([]);
});

test.each(['short', 'changed'])(
  'a %s part fails the read that meets it, and the checkpoint is stored no more',
  async (damage) => {
    await store.put('id', entries, options);
    const key = (await parts.keys('part/')).find((candidate) => candidate.endsWith('/0/1'))!;
    const bytes = encoder.slice(PART, 2 * PART);
    bytes[500]! ^= 4;
    await parts.putPart(key, damage === 'short' ? bytes.subarray(1) : bytes);
    const stored = await store.get('id');
    const file = stored!.files.get('encoder.onnx')!;
    expect(new Uint8Array(await file.slice(0, PART).arrayBuffer())).toEqual(encoder.subarray(0, PART));
    expect(stored!.isDamaged()).toBe(false);
    await expect(file.arrayBuffer()).rejects.toMatchObject({ code: 'checkpoint-not-found' });
    expect(stored!.isDamaged()).toBe(true);
    expect(await store.get('id')).toBeUndefined();
    stored!.release();
    await sweep(parts, Date.now() + 2 * 60 * 60 * 1000);
    expect(await parts.keys('')).toEqual([]);
  },
);

test('a store that fails while reading loses nothing', async () => {
  await store.put('id', entries, options);
  vi.spyOn(parts, 'keys').mockRejectedValueOnce(new DOMException('lost', 'UnknownError'));
  expect(await store.get('id')).toBeUndefined();
  vi.spyOn(parts, 'readPart').mockRejectedValueOnce(new DOMException('lost', 'UnknownError'));
  const stored = await store.get('id');
  await expect(stored!.files.get('encoder.onnx')!.arrayBuffer()).rejects.toThrow('lost');
  expect(await bytesOf(stored!.files.get('encoder.onnx'))).toEqual(encoder);
  expect(stored!.isDamaged()).toBe(false);
});

test.each([0, 1, 3])(
  'a refusal after %i parts is a quota error that names the numbers, with nothing left',
  async (numParts) => {
    vi.stubGlobal('navigator', { storage: { estimate: async () => ({ quota: 12_500_000, usage: 2_500_000 }) } });
    failAfter(numParts, new DOMException('full', 'QuotaExceededError'));
    const putting = store.put('id', entries, { ...options, expectedBytes: 5_000_000 });
    await expect(putting).rejects.toMatchObject({
      code: 'quota',
      message: expect.stringMatching(/5\.0 MB are needed, .* 10\.0 MB are free/),
    });
    expect(await parts.keys('')).toEqual([]);
  },
);

test('a write that cannot fit is refused before it starts', async () => {
  vi.stubGlobal('navigator', { storage: { estimate: async () => ({ quota: 1000, usage: 900 }) } });
  await expect(store.beginWrite('id', { expectedBytes: 101 })).rejects.toMatchObject({ code: 'quota' });
  expect(await parts.keys('')).toEqual([]);
});

test('a source that fails while it is put leaves the old copy as it was', async () => {
  await store.put('id', entries, options);
  async function* failing(): AsyncGenerator<EntryToStore> {
    yield entries[0]!;
    throw new RangeError('conversion failed');
  }
  await expect(store.put('id', failing(), options)).rejects.toThrow('conversion failed');
  expect((await store.get('id'))!.files.size).toBe(4);
  expect(await parts.keys('writing/')).toEqual([]);
});

test('what a crashed write left is swept once it is old, what is stored stays', async () => {
  await store.put('id', entries, options);
  const numKeys = (await parts.keys('')).length;
  await parts.setRecord('writing/crashed', { touchedAt: Date.now() });
  await parts.putPart('part/crashed/0/0', encoder);
  await sweep(parts);
  expect(await parts.keys('part/crashed/')).toHaveLength(1); // without Web Locks it may be another tab's
  await sweep(parts, Date.now() + 2 * 60 * 60 * 1000);
  expect((await parts.keys('')).length).toBe(numKeys);
  expect(await store.get('id')).toBeDefined();
});

test('a write under way is never swept', async () => {
  const writer = await store.beginWrite('id', { partBytes: PART });
  await writer.write('f', encoder);
  await sweep(parts, Date.now() + 1e12);
  await writer.commit(meta);
  expect(await bytesOf((await store.get('id'))!.files.get('f'))).toEqual(encoder);
});

test('without IndexedDB, or where it cannot be opened, the store is in memory', async () => {
  vi.stubGlobal('indexedDB', undefined);
  expect((await openPartStore()).isPersistent).toBe(false);
  const denied = (): never => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('indexedDB', { open: denied });
  expect((await openPartStore()).isPersistent).toBe(false);
});

test('a lost connection is opened again and the operation repeated', async () => {
  await store.put('id', entries, options);
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
  transaction.mockImplementationOnce(() => {
    throw new DOMException('The database connection is closing.', 'InvalidStateError');
  });
  expect(await store.get('id')).toBeDefined();
  transaction.mockRestore();
});

test('open finds what an earlier visit stored', async () => {
  const first = await CheckpointStore.open('visits');
  expect(first.isPersistent).toBe(true);
  await first.put('id', entries, options);
  expect((await (await CheckpointStore.open('visits')).get('id'))!.files.size).toBe(4);
});
