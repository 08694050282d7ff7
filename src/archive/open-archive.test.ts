import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { openArchive } from './open-archive.ts';
import { writeTar } from './write-tar.ts';

const LONG_NAME = `${'0123456789abcdef'.repeat(8)}_tokenizer.model`;

test.each(['pax', 'gnu', 'gzip'])('%s archives give their members under plain names', async (form) => {
  const files = await openArchive(fixture(`${form}.nemo`));
  expect([...files.keys()]).toEqual(['model_weights.ckpt', LONG_NAME, 'model_config.yaml', 'empty.txt']);
  expect(await files.get('model_config.yaml')?.text()).toBe('sample_rate: 16000\n');
  expect(await files.get(LONG_NAME)?.text()).toBe('abc');
  expect(files.get('empty.txt')?.size).toBe(0);
});

test('opening a plain tar reads headers only', async () => {
  const blob = new CountingBlob([await fixture('ustar.nemo').arrayBuffer()]);
  const files = await openArchive(blob);
  expect(files.size).toBe(3);
  expect(blob.count.bytes).toBeLessThanOrEqual(4 + 6 * 512); // sniff, folder, three members, two end blocks
});

test.each(['pax', 'gnu', 'ustar'])('a %s archive cut at any byte before its padding is corrupt', async (form) => {
  const bytes = new Uint8Array(await fixture(`${form}.nemo`).arrayBuffer());
  const contentBytes = lastNonZero(bytes) + 1;
  const endMark = Math.ceil(contentBytes / 512) * 512 + 1024;
  for (let length = 0; length < bytes.length; length += length < 1100 ? 1 : 37) {
    const outcome = openArchive(new Blob([bytes.slice(0, length)]));
    // Behind the end mark a cut at a block boundary takes only padding away: nothing is missing.
    if (length >= endMark && length % 512 === 0) await outcome;
    else await expect(outcome, `cut at ${length}`).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
  }
});

test('the error of a cut archive names the member and what is there', async () => {
  const bytes = new Uint8Array(await fixture('ustar.nemo').arrayBuffer());
  await expect(openArchive(new Blob([bytes.slice(0, 1500)]))).rejects.toThrow(
    /cut inside “\.\/model_weights\.ckpt”: 476 of \d+ bytes/,
  );
});

test('a gzip archive cut at any byte is corrupt', async () => {
  const bytes = new Uint8Array(await fixture('gzip.nemo').arrayBuffer());
  for (let length = 0; length < bytes.length; length += 3) {
    await expect(openArchive(new Blob([bytes.slice(0, length)])), `cut at ${length}`).rejects.toMatchObject({
      code: 'checkpoint-corrupt',
    });
  }
});

test('a gzip bomb is stopped before it fills the memory', async () => {
  const zeros = new Blob(Array.from({ length: 20 }, () => new Uint8Array(8 * 2 ** 20)));
  const bomb = await new Response(zeros.stream().pipeThrough(new CompressionStream('gzip'))).blob();
  await expect(openArchive(bomb)).rejects.toThrow(/inflates to more than/);
});

test.each([
  ['a parent path', '../a', '0'],
  ['an inner parent path', 'a/../../b', '0'],
  ['an absolute path', '/etc/passwd', '0'],
  ['a drive', 'C:/a', '0'],
  ['a backslash', 'a\\..\\b', '0'],
  ['a hard link', 'a', '1'],
  ['a symbolic link', 'a', '2'],
  ['a device', 'a', '3'],
  ['a sparse file', 'a', 'S'],
])('%s is refused', async (_, name, type) => {
  await expect(openArchive(tar([header({ name, type })]))).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
});

test('a name given twice is refused, also when spelled differently', async () => {
  await expect(openArchive(tar([header({ name: 'a' }), header({ name: './/a' })]))).rejects.toThrow(/twice/);
});

test('a PAX size is not applied to another extension header', async () => {
  const pax = new TextEncoder().encode('13 size=1024\n');
  const longName = new TextEncoder().encode('real-name\0');
  const files = await openArchive(
    tar([
      header({ name: 'p', type: 'x', size: pax.length }),
      block(pax),
      header({ name: 'l', type: 'L', size: longName.length }),
      block(longName),
      header({ name: 'x' }),
      new Uint8Array(1024).fill(65),
    ]),
  );
  expect([...files].map(([name, { size }]) => [name, size])).toEqual([['real-name', 1024]]);
});

test('v7 headers and base-256 sizes are read, negative and absurd ones refused', async () => {
  const v7 = header({ name: 'old', size: 2, magic: '' });
  expect(await (await openArchive(tar([v7, block(Uint8Array.of(72, 105))]))).get('old')?.text()).toBe('Hi');

  const wide = (first: number, last: number): Uint8Array<ArrayBuffer> =>
    header({ name: 'big', sizeField: Uint8Array.of(first, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last) });
  expect((await openArchive(tar([wide(0x80, 2), block(Uint8Array.of(72, 105))]))).get('big')?.size).toBe(2);
  await expect(openArchive(tar([wide(0xff, 2)]))).rejects.toThrow(/impossible size/);
  await expect(
    openArchive(tar([header({ name: 'big', sizeField: new Uint8Array(12).fill(0x7f).fill(0x80, 0, 1) })])),
  ).rejects.toThrow(/size/);
});

test('what is no archive at all is told so', async () => {
  await expect(openArchive(new Blob([]))).rejects.toThrow(/empty/);
  await expect(openArchive(new Blob(['<html>'.repeat(200)]))).rejects.toThrow(/not a \.nemo archive/);
  await expect(openArchive(fixture('current.ckpt'))).rejects.toThrow(/zip file/);
});

test('an aborted signal cancels', async () => {
  await expect(openArchive(fixture('gzip.nemo'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  });
});

test('archives with flipped bytes open or are corrupt, nothing else', async () => {
  const originals = ['pax', 'ustar', 'gzip'].map((form) => readFileSync(fixtureUrl(`${form}.nemo`)));
  const change = fc.tuple(fc.nat(), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      async (original, changes) => {
        const bytes = new Uint8Array(original);
        for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 8192)] = value;
        await openArchive(new Blob([bytes])).catch(expectCorrupt);
      },
    ),
    { numRuns: 400, seed: 1 },
  );
});

test('what writeTar writes opens again, and names the same members', async () => {
  const files = new Map([
    ['model_config.yaml', new Blob(['a: 1\n'])],
    [`${'long/'.repeat(40)}é.txt`, new Blob(['x'.repeat(1000)])],
    ['empty', new Blob([])],
  ]);
  const archive = writeTar(files);
  expect(archive.size % 10240).toBe(0);
  const opened = await openArchive(archive);
  expect([...opened.keys()]).toEqual([...files.keys()]);
  for (const [name, content] of files) expect(await opened.get(name)?.text()).toBe(await content.text());
});

function expectCorrupt(thrown: unknown): void {
  if (!isAsrError(thrown, 'checkpoint-corrupt')) throw thrown;
}

function fixtureUrl(name: string): URL {
  return new URL(`../../e2e/fixtures/archive/${name}`, import.meta.url);
}

function fixture(name: string): Blob {
  return new Blob([readFileSync(fixtureUrl(name))]);
}

function lastNonZero(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0);
}

/** A Blob that counts the bytes read from it and its slices. */
class CountingBlob extends Blob {
  count = { bytes: 0 };

  override slice(start?: number, end?: number): Blob {
    const slice = new CountingBlob([super.slice(start, end)]);
    slice.count = this.count;
    return slice;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    this.count.bytes += this.size;
    return await super.arrayBuffer();
  }
}

type HeaderLies = { name: string; type?: string; size?: number; magic?: string; sizeField?: Uint8Array };

function header({ name, type = '0', size = 0, magic = 'ustar\x0000', sizeField }: HeaderLies): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(512);
  const put = (offset: number, text: string): void => bytes.set(new TextEncoder().encode(text), offset);
  put(0, name);
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  if (sizeField) bytes.set(sizeField, 124);
  put(148, '        ');
  put(156, type);
  put(257, magic);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

function block(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(content.length / 512) * 512);
  bytes.set(content);
  return bytes;
}

function tar(blocks: Uint8Array<ArrayBuffer>[]): Blob {
  return new Blob([...blocks, new Uint8Array(1024)]);
}
