/** Checkpoints kept in a folder: found again by the next process, whatever others do at the same time, and gone when nobody wants them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { run } from '../../e2e/support/cli.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import { CheckpointStore } from '../checkpoint/store.ts';
import { partsFolder, recordPath, recordsFolder } from './cache-records.ts';
import { cacheFolder, sweepCache } from './checkpoint-cache.ts';
import { FilePartStore } from './file-part-store.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sotto-store-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const DAY_MS = 24 * 60 * 60 * 1000;
const META = { name: 'tiny', className: 'EncDecCTCModel', data: { limit: Number.POSITIVE_INFINITY } };
const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index * index);

/** A process of its own, as far as the folder can tell. */
const openAs = (root: string): CheckpointStore => new CheckpointStore(new FilePartStore(root));
const newRoot = (): string => mkdtempSync(join(scratch, 'cache-'));
const put = (store: CheckpointStore, id: string): Promise<void> =>
  store.put(id, [{ name: 'encoder.data', bytes }], { meta: META, partBytes: 2048 });
const read = async (store: CheckpointStore, id: string): Promise<ArrayBuffer | undefined> =>
  (await store.get(id))?.files.get('encoder.data')?.arrayBuffer();

/** As if everything had lain for some days. */
function age(root: string, days: number): void {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const folder of [partsFolder(root), recordsFolder(root)])
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), then, then);
}

test('another process finds what one has kept, infinities and all', async () => {
  const root = newRoot();
  await put(openAs(root), 'one');
  const stored = await openAs(root).get('one');
  expect(stored).toMatchObject(META);
  expect(new Uint8Array(await stored!.files.get('encoder.data')!.arrayBuffer())).toEqual(bytes);
});

test('two that write the same at once do not take each other’s parts away', async () => {
  const root = newRoot();
  const [first, second] = [openAs(root), openAs(root)];
  await Promise.all([put(first, 'one'), put(second, 'one')]);
  const reading = (await first.get('one'))!.files.get('encoder.data')!;
  await put(second, 'one');
  await sweepCache(root);
  expect(new Uint8Array(await reading.arrayBuffer())).toEqual(bytes);
  expect(new Uint8Array((await read(second, 'one'))!)).toEqual(bytes);
  age(root, 2);
  await sweepCache(root);
  expect(readdirSync(partsFolder(root))).toHaveLength(1);
  expect(new Uint8Array((await read(openAs(root), 'one'))!)).toEqual(bytes);
});

test('a write that was killed shows nothing, harms nobody, and goes after a day; one that is given up goes at once', async () => {
  const root = newRoot();
  await put(openAs(root), 'kept');
  const killed = await openAs(root).beginWrite('one', { partBytes: 2048 });
  await killed.write('encoder.data', bytes);
  await sweepCache(root);
  expect(await openAs(root).has('one')).toBe(false);
  expect(readdirSync(partsFolder(root))).toHaveLength(2);
  await killed.abort();
  expect(readdirSync(partsFolder(root))).toHaveLength(1);
  const again = await openAs(root).beginWrite('one', { partBytes: 2048 });
  await again.write('encoder.data', bytes);
  age(root, 2);
  await sweepCache(root);
  expect(readdirSync(partsFolder(root))).toHaveLength(1);
  expect(new Uint8Array((await read(openAs(root), 'kept'))!)).toEqual(bytes);
});

test('damage shows when it is read, records of another kind before, and neither is kept any more', async () => {
  const root = newRoot();
  const store = openAs(root);
  await put(store, 'one');
  const [token = ''] = readdirSync(partsFolder(root));
  writeFileSync(join(partsFolder(root), token, '0-1'), new Uint8Array(2048));
  await expect(read(store, 'one')).rejects.toMatchObject({ code: 'checkpoint-not-found' });
  expect(await store.get('one')).toBeUndefined();
  await put(store, 'two');
  writeFileSync(recordPath(root, 'manifest/two'), 'no record');
  expect(await openAs(root).get('two')).toBeUndefined();
  expect(await openAs(root).list()).toEqual([]);
});

test('what nobody opens for a month goes, and where room is short what was used longest ago', async () => {
  const root = newRoot();
  const store = openAs(root);
  for (const id of ['one', 'two', 'three']) await put(store, id);
  age(root, 3);
  await store.get('two');
  await sweepCache(root, { maxBytes: 2 * bytes.length });
  expect((await store.list()).map(({ id }) => id)).toContain('two');
  expect(await store.list()).toHaveLength(2);
  age(root, 31);
  await store.get('two');
  await sweepCache(root);
  expect((await store.list()).map(({ id }) => id)).toEqual(['two']);
  expect(readdirSync(partsFolder(root))).toHaveLength(1);
});

test('the place is the system’s own for caches', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/somewhere' }, 'linux')).toBe('/somewhere/sotto');
  expect(cacheFolder({ XDG_CACHE_HOME: 'not/absolute' }, 'linux')).toMatch(/\/\.cache\/sotto$/);
  expect(cacheFolder({}, 'darwin')).toMatch(/Library\/Caches\/sotto$/);
});

test('a command keeps what it converts, the next one says the same with it, and --no-cache keeps nothing', async () => {
  const golden = openGolden('quartznet-ctc-char');
  const file = join(scratch, 'model.nemo');
  writeFileSync(file, new Uint8Array(await golden.archive().arrayBuffer()));
  const clip = join(scratch, 'clip.wav');
  writeFileSync(clip, new Uint8Array(await golden.inputs[0]!.file.arrayBuffer()));
  const kept = (): number => readdirSync(partsFolder(cacheFolder())).length;
  const uncached = await run('transcribe', '--model', file, '--no-cache', clip);
  const before = existsSync(partsFolder(cacheFolder())) ? kept() : 0;
  const texts = [await run('transcribe', '--model', file, clip), await run('transcribe', '--model', file, clip)];
  expect(kept()).toBe(before + 1);
  for (const { out, status } of texts) expect([status, out]).toEqual([0, uncached.out]);
});
