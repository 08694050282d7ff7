import { expect, test } from 'vitest';
import { ExternalBlob } from './external-blob.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index * 31);
const blob = new ExternalBlob(new Blob([bytes]));

test('slices and whole give the bytes of the Blob inside', async () => {
  expect(blob.size).toBe(5000);
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
  expect(new Uint8Array(await blob.slice(10, -10).arrayBuffer())).toEqual(bytes.slice(10, -10));
  expect(new Uint8Array(await new Response(blob.slice(4000, 4500).stream()).arrayBuffer())).toEqual(
    bytes.slice(4000, 4500),
  );
});

test('the stream of a slice gives plain chunks: Chromium loses byte-stream reads', () => {
  expect(() => blob.slice(0, 100).stream().getReader({ mode: 'byob' })).toThrow(TypeError);
});
