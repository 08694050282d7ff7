import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { StorageServer, etagOf } from '../../e2e/support/storage-server.ts';
import type { Fault } from '../../e2e/support/storage-server.ts';
import type { Progress } from '../base/progress.ts';
import { discardDownload } from './download-parts.ts';
import { downloadToParts } from './download.ts';
import type { DownloadOptions } from './download.ts';
import { IdbPartStore } from './idb-part-store.ts';
import type { PartStore } from './part-store.ts';

const PART = 64 * 1024;
const SIZE = 5 * PART + 1234;
const content = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2654435761) >>> 13);
const sha256 = createHash('sha256').update(content).digest('hex');
const quick = { maxTries: 3, firstDelayMs: 1, maxDelayMs: 2, stallMs: 200 };

let server: StorageServer;
let store: PartStore;
let database = 0;

beforeAll(async () => {
  server = await StorageServer.start();
  server.files.set('/model.nemo', content);
});
afterAll(() => server.close());
beforeEach(() => {
  store = new IdbPartStore(`download-${database++}`);
  server.requests.length = 0;
});
afterEach(() => {
  server.heal();
  vi.unstubAllGlobals();
});

const get = (options: Partial<DownloadOptions> = {}, path = '/model.nemo'): Promise<Blob> =>
  downloadToParts(server.url + path, {
    store,
    key: 'the model',
    sizeBytes: SIZE,
    expectedSha256: sha256,
    partBytes: PART,
    retry: quick,
    ...options,
  });

async function expectContent(blob: Blob): Promise<void> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
}

test('a file comes whole, with progress up to its size, and a second call takes it from the store', async () => {
  const progress: Progress[] = [];
  await expectContent(await get({ onProgress: (p) => progress.push(p) }));
  expect(progress.at(0)).toMatchObject({ phase: 'download', loadedBytes: 0, totalBytes: SIZE });
  expect(progress.at(-1)).toMatchObject({ loadedBytes: SIZE, totalBytes: SIZE });
  await expectContent(await get());
  expect(server.requests).toHaveLength(1);
});

test.each([0, 1, PART - 1, PART, PART + 1, 3 * PART + 77, SIZE - 1])(
  'a cut after %i bytes is resumed there',
  async (afterBytes) => {
    server.failWith({ kind: 'cut', afterBytes });
    await expectContent(await get());
    expect(server.requests.map((request) => request.range)).toEqual([
      `bytes=0-${SIZE - 1}`,
      `bytes=${afterBytes}-${SIZE - 1}`,
    ]);
  },
);

test.each<Fault>([
  { kind: 'end-early', afterBytes: 1000 },
  { kind: 'stall', afterBytes: 1000 },
  { kind: 'stall' },
  { kind: 'reset' },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429 },
  { kind: 'page' },
  { kind: 'wrong-range' },
])('after $kind $status the download goes on', async (fault) => {
  server.failWith({ kind: 'cut', afterBytes: PART + 5 }, fault);
  await expectContent(await get());
  expect(server.requests).toHaveLength(3);
});

test('many cuts with progress between them do not use up the tries', async () => {
  server.failWith({ kind: 'cut', afterBytes: PART, times: 5 });
  await expectContent(await get());
  expect(server.requests).toHaveLength(6);
});

test('a server that always cuts at once is given up after the allowed tries', async () => {
  server.failWith({ kind: 'cut', afterBytes: 10, times: 50 });
  await expect(get()).rejects.toMatchObject({ code: 'download-failed' });
  expect(server.requests).toHaveLength(3);
});

test('a server without ranges sends the whole file again, and only the missing bytes are taken', async () => {
  server.failWith({ kind: 'cut', afterBytes: 2 * PART + 9 }, { kind: 'no-ranges' });
  await expectContent(await get());
});

test('wrong bytes are an integrity error, and nothing of them stays', async () => {
  server.failWith({ kind: 'wrong-bytes' });
  await expect(get()).rejects.toMatchObject({ code: 'integrity' });
  expect(await store.keys('')).toEqual([]);
  await expectContent(await get());
});

test('more bytes than announced are an integrity error, and nothing of them stays', async () => {
  server.failWith({ kind: 'too-long' });
  await expect(get()).rejects.toMatchObject({ code: 'integrity' });
  expect(await store.keys('')).toEqual([]);
});

test('a file that shrank answers 416 and is given up with its parts removed', async () => {
  await expect(get({ sizeBytes: SIZE + PART, key: 'larger' })).rejects.toMatchObject({ code: 'download-failed' });
});

test('a file that was replaced is noticed by its ETag', async () => {
  server.files.set('/replaced.nemo', content.slice().fill(1, 0, 10));
  const options = { key: 'replaced', etag: etagOf(content) };
  await expect(get(options, '/replaced.nemo')).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('replaced on the server'),
  });
});

test('missing and forbidden files are told at once', async () => {
  await expect(get({}, '/nothing.nemo')).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  server.failWith({ kind: 'status', status: 403 });
  await expect(get()).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('accessToken'),
  });
  expect(server.requests).toHaveLength(2);
});

test('a device that is offline is told at once', async () => {
  vi.stubGlobal('navigator', { onLine: false });
  const fetch = async (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
  await expect(get({ fetch })).rejects.toMatchObject({ code: 'offline' });
});

test.each([1000, PART, 3 * PART + 500])(
  'a cancel after %i bytes leaves them, and a later visit goes on there',
  async (afterBytes) => {
    const abort = new AbortController();
    server.failWith({ kind: 'stall', afterBytes });
    let loaded = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      setTimeout(() => abort.abort('enough'), 60);
      return globalThis.fetch(input, init);
    };
    await expect(get({ fetch, signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled', cause: 'enough' });

    store = new IdbPartStore(`download-${database - 1}`); // a reload: another connection
    await expectContent(await get({ onProgress: (p) => (loaded ||= p.phase === 'download' ? p.loadedBytes : 0) }));
    expect(loaded).toBe(afterBytes);
    expect(server.requests.at(-1)?.range).toBe(`bytes=${afterBytes}-${SIZE - 1}`);
  },
);

test('a stored part that was damaged is fetched again, and everything after it', async () => {
  server.failWith({ kind: 'cut', afterBytes: 4 * PART, times: 1 }, { kind: 'status', status: 404 });
  await expect(get()).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  const damaged = (await store.keys('')).find((key) => key.endsWith('/2'))!;
  await store.putPart(damaged, new Uint8Array(PART));
  await expectContent(await get());
  expect(server.requests.at(-1)?.range).toBe(`bytes=${2 * PART}-${SIZE - 1}`);
});

test('two callers at the same time download once', async () => {
  server.failWith({ kind: 'slow', bytesPerSecond: 3e6 });
  const [first, second] = await Promise.all([get(), get()]);
  await expectContent(first);
  await expectContent(second);
  expect(server.requests).toHaveLength(1);
});

test('a store that takes no more parts does not stop the download', async () => {
  const putPart = vi.spyOn(store, 'putPart');
  putPart.mockImplementation(async (key, bytes) => {
    if (putPart.mock.calls.length > 2) throw new DOMException('full', 'QuotaExceededError');
    return IdbPartStore.prototype.putPart.call(store, key, bytes);
  });
  await expectContent(await get());
});

test('discard removes a finished download, and reading its blob says so', async () => {
  const blob = await get();
  await discardDownload(store, 'the model');
  expect(await store.keys('')).toEqual([]);
  await expect(blob.arrayBuffer()).rejects.toMatchObject({ code: 'checkpoint-not-found' });
});
