import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { HubServer } from '../../e2e/support/hub-server.ts';
import { IdbPartStore } from './idb-part-store.ts';
import { openSource } from './source.ts';
import type { SourceOptions } from './source.ts';
import { CheckpointStore } from './store.ts';

const bytes = (length: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (i * seed * 2654435761) >>> 11);
const nemo = bytes(300_000, 3);
const hashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

let hub: HubServer;
let store: CheckpointStore;
let database = 0;
let options: SourceOptions;

beforeAll(async () => {
  hub = await HubServer.start();
  hub.publish({ name: 'nvidia/tiny', files: { 'README.md': text('# Tiny'), 'tiny.nemo': nemo } });
});
afterAll(() => hub.close());
beforeEach(() => {
  store = new CheckpointStore(new IdbPartStore(`source-${database++}`));
  options = { hubUrl: hub.url, store, retry: { maxTries: 3, firstDelayMs: 1, maxDelayMs: 2, stallMs: 300 } };
  hub.requests.length = 0;
});
afterEach(() => {
  hub.storage.heal();
  hub.apiStatus = undefined;
  vi.unstubAllGlobals();
});

const pretrained = (name: string, more: SourceOptions = {}): ReturnType<typeof openSource> =>
  openSource({ kind: 'pretrained', name }, { ...options, ...more });
const contentOf = async (opened: Blob | ReadonlyMap<string, Blob>): Promise<string> =>
  hashOf(new Uint8Array(await (opened as Blob).arrayBuffer()));

describe('a hub repository', () => {
  test('gives its .nemo: size and commit before the download, then the bytes', async () => {
    const source = await pretrained('nvidia/tiny');
    expect(source).toMatchObject({ name: 'nvidia/tiny', sizeBytes: nemo.length });
    expect(source.id).toMatch(new RegExp(`nvidia/tiny@[0-9a-f]{40}/tiny.nemo#${hashOf(nemo)}$`));
    expect(hub.requests.some(({ server }) => server === 'storage')).toBe(false);
    expect(await contentOf(await source.open({}))).toBe(hashOf(nemo));
    await source.discard();
    expect((await store.parts.keys('')).filter((key) => !key.startsWith('remembered/'))).toEqual([]);
  });

  test('is also read where files are not Xet-backed', async () => {
    hub.publish({ name: 'nvidia/plain', files: { 'plain.nemo': nemo }, isXet: false });
    expect(await contentOf(await (await pretrained('nvidia/plain')).open({}))).toBe(hashOf(nemo));
  });

  test('with several archives gives the one of its own name, at any depth of a paged listing', async () => {
    const files: Record<string, Uint8Array> = { 'other.nemo': bytes(2000, 5) };
    for (let i = 0; i < 120; i++) files[`logs/run ${i}#.txt`] = text(`${i}`);
    hub.publish({ name: 'me/Several', files: { ...files, 'weights v1/several.nemo': nemo } });
    expect(await contentOf(await (await pretrained('me/Several')).open({}))).toBe(hashOf(nemo));
  });

  test('with several archives of other names lists them', async () => {
    hub.publish({ name: 'me/unclear', files: { 'a.nemo': bytes(2000, 1), 'b.nemo': bytes(2000, 2) } });
    await expect(pretrained('me/unclear')).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.stringContaining('a.nemo, b.nemo'),
    });
  });

  test('without an archive gives the files of an extracted one', async () => {
    const weights = bytes(150_000, 9);
    const files = {
      'README.md': text('# x'),
      '.gitattributes': text('x'),
      'model/model_config.yaml': text('target: x'),
      'model/model_weights.ckpt': weights,
      'model/vocab.txt': text(''),
    };
    hub.publish({ name: 'me/extracted', files });
    const source = await pretrained('me/extracted');
    expect(source.sizeBytes).toBe(weights.length + 9);
    const loaded: number[] = [];
    const opened = await source.open({ onProgress: (p) => p.phase === 'download' && loaded.push(p.loadedBytes) });
    const map = opened as ReadonlyMap<string, Blob>;
    expect([...map.keys()].sort()).toEqual(['model_config.yaml', 'model_weights.ckpt', 'vocab.txt']);
    expect(await map.get('model_config.yaml')!.text()).toBe('target: x');
    expect(await contentOf(map.get('model_weights.ckpt')!)).toBe(hashOf(weights));
    expect(loaded.at(-1)).toBe(source.sizeBytes);
  });

  test('without a checkpoint lists what it has', async () => {
    hub.publish({ name: 'me/other', files: { 'config.json': text('{}'), 'model.safetensors': bytes(2000, 1) } });
    await expect(pretrained('me/other')).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.stringContaining('config.json, model.safetensors'),
    });
  });

  test('at an older commit gives the older bytes, and a branch follows the newest', async () => {
    const older = bytes(5000, 21);
    const commit = hub.publish({ name: 'me/moving', files: { 'moving.nemo': older } });
    const first = await pretrained('me/moving');
    hub.publish({ name: 'me/moving', files: { 'moving.nemo': nemo } });
    const second = await pretrained('me/moving');
    expect(second.id).not.toBe(first.id);
    expect(await contentOf(await second.open({}))).toBe(hashOf(nemo));
    const pinned = await pretrained('me/moving', { revision: commit });
    expect(await contentOf(await pinned.open({}))).toBe(hashOf(older));
    hub.requests.length = 0;
    expect((await pretrained('me/moving', { revision: commit })).id).toBe(first.id);
    expect(hub.requests).toEqual([]);
  });

  test('that does not exist, or lacks the revision, is told', async () => {
    await expect(pretrained('nvidia/nope')).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.stringContaining('nvidia/nope'),
    });
    await expect(pretrained('nvidia/tiny', { revision: 'v9' })).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.stringContaining("'v9'"),
    });
  });

  test('whose content is not what the hub says is an integrity error', async () => {
    hub.storage.failWith({ kind: 'wrong-bytes' });
    const source = await pretrained('nvidia/tiny');
    await expect(source.open({})).rejects.toMatchObject({ code: 'integrity' });
    expect(await contentOf(await source.open({}))).toBe(hashOf(nemo));
  });

  test('is opened by two at once with one download', async () => {
    hub.storage.failWith({ kind: 'slow', bytesPerSecond: 3e6 });
    const [a, b] = await Promise.all([pretrained('nvidia/tiny'), pretrained('nvidia/tiny')]);
    const opened = await Promise.all([a.open({}), b.open({})]);
    for (const blob of opened) expect(await contentOf(blob)).toBe(hashOf(nemo));
    expect(hub.requests.filter(({ server }) => server === 'storage')).toHaveLength(1);
  });

  test('seen once is known without network, and asked for one small thing with it', async () => {
    const source = await pretrained('nvidia/tiny');
    hub.requests.length = 0;
    expect((await pretrained('nvidia/tiny')).id).toBe(source.id);
    expect(hub.requests.map(({ path }) => path.split('?')[0])).toEqual(['/api/models/nvidia/tiny/revision/main']);
    const offline: typeof fetch = async () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await pretrained('nvidia/tiny', { fetch: offline })).toMatchObject({
      id: source.id,
      sizeBytes: nemo.length,
    });
    hub.apiStatus = 503;
    expect((await pretrained('nvidia/tiny')).id).toBe(source.id);
  });

  test('that is out of order or never answers fails after a few tries', async () => {
    hub.apiStatus = 500;
    await expect(pretrained('nvidia/tiny')).rejects.toMatchObject({ code: 'download-failed' });
    expect(hub.requests).toHaveLength(3);
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    await expect(pretrained('nvidia/tiny', { fetch: silent })).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('sent nothing'),
    });
  });

  test('that answers like a login page is told', async () => {
    const page: typeof fetch = async () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
    await expect(pretrained('nvidia/tiny', { fetch: page })).rejects.toMatchObject({ code: 'download-failed' });
  });

  test('can be cancelled while it is looked for', async () => {
    const abort = new AbortController();
    const looking = pretrained('nvidia/tiny', { signal: abort.signal });
    abort.abort('not now');
    await expect(looking).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('the token', () => {
  beforeAll(() => {
    hub.publish({ name: 'me/gated', files: { 'gated.nemo': nemo }, access: 'gated' });
    hub.publish({ name: 'me/private', files: { 'private.nemo': nemo }, access: 'private' });
  });

  test('is asked for by gated and private repositories, before any download', async () => {
    await expect(pretrained('me/gated')).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(/gated: accept its terms at .*me\/gated, then pass accessToken/),
    });
    await expect(pretrained('me/private')).rejects.toMatchObject({ message: expect.stringContaining('accessToken') });
  });

  test('opens them, and goes to the hub only', async () => {
    for (const name of ['me/gated', 'me/private']) {
      const source = await pretrained(name, { accessToken: hub.token });
      expect(await contentOf(await source.open({}))).toBe(hashOf(nemo));
    }
    for (const { server, authorization, path } of hub.requests) {
      expect(authorization).toBe(server === 'hub' ? `Bearer ${hub.token}` : undefined);
      expect(path).not.toContain(hub.token);
    }
  });

  test('is in no error, not even where the server echoes it, and nothing stored', async () => {
    const accessToken = 'hf_wrong_and_secret';
    const error = await pretrained('nvidia/tiny', { accessToken }).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'download-failed', message: expect.stringContaining('accessToken') });
    expect(JSON.stringify([error, (error as Error).stack, (error as Error).cause])).not.toContain(accessToken);
    await (await pretrained('me/gated', { accessToken: hub.token })).open({});
    for (const key of await store.parts.keys('')) {
      expect(key + JSON.stringify(await store.parts.getRecord(key))).not.toContain(hub.token);
    }
  });
});

describe('a URL', () => {
  const openUrl = (path: string, more: SourceOptions = {}): ReturnType<typeof openSource> =>
    openSource({ kind: 'url', url: hub.storage.url + path }, { ...options, ...more });
  beforeAll(() =>
    hub.storage.files.set('/my%20files/a b.nemo', nemo).set('/a.nemo', nemo).set('/empty.nemo', new Uint8Array(0)),
  );

  test('tells size and name first, and gives the bytes through a cut', async () => {
    const source = await openUrl('/a.nemo');
    expect(source).toMatchObject({ name: 'a.nemo', sizeBytes: nemo.length });
    hub.storage.failWith({ kind: 'cut', afterBytes: 100_000 });
    expect(await contentOf(await source.open({}))).toBe(hashOf(nemo));
  });

  test('is remembered without network, and a new version has another id', async () => {
    hub.storage.files.set('/versions.nemo', bytes(9000, 1));
    const first = await openUrl('/versions.nemo');
    const offline: typeof fetch = async () => Promise.reject(new TypeError('Failed to fetch'));
    expect((await openUrl('/versions.nemo', { fetch: offline })).id).toBe(first.id);
    hub.storage.files.set('/versions.nemo', bytes(9000, 2));
    expect((await openUrl('/versions.nemo')).id).not.toBe(first.id);
  });

  test('with a signed query works, and the signature is neither stored nor shown', async () => {
    const source = await openUrl('/a.nemo?signature=s3cret');
    await source.open({});
    expect(source.id + source.name).not.toContain('s3cret');
    for (const key of await store.parts.keys('')) {
      expect(key + JSON.stringify(await store.parts.getRecord(key))).not.toContain('s3cret');
    }
    await expect(openUrl('/nothing?signature=s3cret')).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.not.stringContaining('s3cret'),
    });
  });

  test('is sized by Content-Length where ranges are not served', async () => {
    const noRanges: typeof fetch = (url, init) => fetch(url, { ...init, headers: {} });
    expect((await openUrl('/a.nemo', { fetch: noRanges })).sizeBytes).toBe(nemo.length);
  });

  test('that answers with a page, nothing, or a size of zero is no checkpoint', async () => {
    hub.storage.failWith({ kind: 'page' });
    await expect(openUrl('/a.nemo')).rejects.toMatchObject({ code: 'checkpoint-not-found' });
    await expect(openUrl('/empty.nemo')).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
  });

  test.each(['no address', 'ftp://example.org/a.nemo', 'http://me:pass@127.0.0.1/a.nemo'])(
    '%s is a TypeError',
    async (url) => {
      await expect(openSource({ kind: 'url', url }, options)).rejects.toThrow(TypeError);
    },
  );

  test('of a blob is read at once', async () => {
    const url = URL.createObjectURL(new Blob([nemo]));
    const source = await openSource({ kind: 'url', url }, options);
    expect(source.sizeBytes).toBe(nemo.length);
  });
});

describe('names', () => {
  test('the built-in checkpoint lies under assetBase, with or without a slash at its end', async () => {
    hub.storage.files.set('/sub/path/checkpoints/sotto-tiny-en.nemo', nemo);
    for (const assetBase of [`${hub.storage.url}/sub/path`, `${hub.storage.url}/sub/path/`]) {
      const source = await pretrained('sotto-tiny-en', { assetBase });
      expect(source.name).toBe('sotto-tiny-en');
      expect(await contentOf(await source.open({}))).toBe(hashOf(nemo));
    }
  });

  test('that nobody knows are not guessed', async () => {
    await expect(pretrained('parakeet-tdt-9b')).rejects.toMatchObject({
      code: 'checkpoint-not-found',
      message: expect.stringContaining("'nvidia/parakeet-tdt-9b'"),
    });
    await expect(pretrained('a/b/c')).rejects.toMatchObject({ code: 'checkpoint-not-found' });
    expect(hub.requests).toEqual([]);
  });
});
