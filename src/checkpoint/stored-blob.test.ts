import { expect, test, vi } from 'vitest';
import { checksumOf } from './checksum.ts';
import { MemoryPartStore } from './part-store.ts';
import { PartReader, StoredBlob, copyBlob } from './stored-blob.ts';

const PART = 100;
const bytes = Uint8Array.from({ length: 3 * PART + 17 }, (_, index) => index * 7);

async function store(): Promise<{ parts: MemoryPartStore; blob: StoredBlob }> {
  const parts = new MemoryPartStore();
  const stored = [];
  for (let at = 0; at < bytes.length; at += PART) {
    const part = bytes.slice(at, at + PART);
    const key = `part/${at}`;
    await parts.putPart(key, part);
    stored.push({ key, bytes: part.length, checksum: checksumOf(part) });
  }
  return { parts, blob: new StoredBlob(new PartReader(parts), stored) };
}

test('whole, sliced, sliced again and streamed it has the bytes of its parts', async () => {
  const { blob } = await store();
  expect(blob.size).toBe(bytes.length);
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
  for (const [start, end] of [
    [0, 5],
    [95, 205],
    [100, 200],
    [310, 317],
    [-20, -3],
    [250, 100],
    [5, 9999],
  ] as const) {
    const slice = blob.slice(start, end);
    expect(new Uint8Array(await slice.arrayBuffer())).toEqual(bytes.slice(start, end));
    expect(slice.size).toBe(bytes.slice(start, end).length);
  }
  const inner = blob.slice(90, 250, 'text/plain').slice(5, 120);
  expect(new Uint8Array(await inner.arrayBuffer())).toEqual(bytes.slice(95, 210));
  expect(new Uint8Array(await new Response(inner.stream()).arrayBuffer())).toEqual(bytes.slice(95, 210));
  expect(blob.slice(0, 1, 'text/plain').type).toBe('text/plain');
});

test('a part is read once for the slices in it, and nothing before it is asked for', async () => {
  const { parts, blob } = await store();
  const readPart = vi.spyOn(parts, 'readPart');
  const slices = [blob.slice(100, 110), blob.slice(110, 130), blob.slice(190, 200)];
  expect(readPart).not.toHaveBeenCalled();
  for (const slice of slices) await slice.arrayBuffer();
  expect(readPart).toHaveBeenCalledTimes(1);
});

test('a part that has gone is an error, and a part that came back is read', async () => {
  const { parts, blob } = await store();
  await parts.delete(['part/100']);
  await expect(blob.slice(0, 150).arrayBuffer()).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  await parts.putPart('part/100', bytes.slice(100, 200));
  expect((await blob.arrayBuffer()).byteLength).toBe(bytes.length);
});

test('a copy is a native Blob, which others can take', async () => {
  const { blob } = await store();
  expect(new Uint8Array(await new Blob([await copyBlob(blob)]).arrayBuffer())).toEqual(bytes);
  const native = new Blob(['a']);
  expect(await copyBlob(native)).toBe(native);
});
