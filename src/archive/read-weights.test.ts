import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { readWeights } from './read-weights.ts';
import { contiguousStrides } from './tensor-view.ts';
import { toFloat32 } from './weight-values.ts';
import { writeTorchZip } from './write-torch-zip.ts';
import { writeZip } from './write-zip.ts';

type Expected = { tensors: Record<string, { dtype: string; shape: number[]; values: string[] }> };
const expected = JSON.parse(readFileSync(fixtureUrl('expected.json'), 'utf8')) as Expected;

test.each(['current.ckpt', 'protocol-4.ckpt', 'legacy.ckpt', 'lightning.ckpt', 'deflated.ckpt', 'current.safetensors'])(
  '%s gives the tensors that torch reads, in every element type and layout',
  async (name) => {
    const weights = await readWeights(fixture(name));
    expect([...weights.keys()].sort()).toEqual(Object.keys(expected.tensors).sort());
    for (const [key, { dtype, shape, values }] of Object.entries(expected.tensors)) {
      const weight = weights.get(key);
      if (!weight) throw new Error(`${key} is missing`);
      expect([weight.dtype, weight.shape], key).toEqual([dtype, shape]);
      expect([...(await toFloat32(weight))], key).toEqual(values.map(toNumber));
    }
  },
);

test('tied tensors share one storage blob, so they can be told by identity', async () => {
  for (const name of ['current.ckpt', 'legacy.ckpt']) {
    const weights = await readWeights(fixture(name));
    expect(weights.get('base')?.storage).toBe(weights.get('tied')?.storage);
    expect(weights.get('base')?.storage).not.toBe(weights.get('float32')?.storage);
  }
});

test('a view is read without the rest of its storage', async () => {
  const storage = new Blob([Float32Array.from({ length: 100 }, (_, i) => i)]);
  const read: (number | undefined)[][] = [];
  const spied = Object.assign(storage, {
    slice(start?: number, end?: number): Blob {
      read.push([start, end]);
      return Blob.prototype.slice.call(storage, start, end);
    },
  });
  const values = await toFloat32({ dtype: 'float32', shape: [2, 2], strides: [10, 1], offset: 7, storage: spied });
  expect([...values]).toEqual([7, 8, 17, 18]);
  expect(read).toEqual([[28, 76]]);
});

test.each(['evil.ckpt', 'evil-legacy.ckpt'])('%s is refused and the error names what it asks for', async (name) => {
  await expect(readWeights(fixture(name))).rejects.toThrow(/“posix\.getcwd”/);
  await expect(readWeights(fixture(name))).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
});

test('a big-endian checkpoint is unsupported', async () => {
  await expect(readWeights(fixture('big-endian.ckpt'))).rejects.toMatchObject({ code: 'checkpoint-unsupported' });
});

test.each(['current.ckpt', 'legacy.ckpt', 'current.safetensors'])('%s cut at any byte is corrupt', async (name) => {
  const bytes = new Uint8Array(await fixture(name).arrayBuffer());
  for (let length = 0; length < bytes.length; length += 7) {
    await expect(readWeights(new Blob([bytes.slice(0, length)])), `cut at ${length}`).rejects.toMatchObject({
      code: 'checkpoint-corrupt',
    });
  }
});

test('weights with flipped bytes are read or refused, nothing else', async () => {
  const names = ['current.ckpt', 'legacy.ckpt', 'deflated.ckpt', 'current.safetensors'];
  const originals = names.map((name) => readFileSync(fixtureUrl(name)));
  const change = fc.tuple(fc.nat(), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      async (original, changes) => {
        const bytes = new Uint8Array(original);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          for (const weight of (await readWeights(new Blob([bytes]))).values()) await toFloat32(weight);
        } catch (thrown) {
          if (!isAsrError(thrown, 'checkpoint-corrupt') && !isAsrError(thrown, 'checkpoint-unsupported')) throw thrown;
        }
      },
    ),
    { numRuns: 1500, seed: 1 },
  );
});

const TENSOR =
  'ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ';

test.each([
  ['a view beyond its storage', `${TENSOR}K\x01(K\x04t(K\x01t\x89NtR`],
  ['an offset beyond its storage', `${TENSOR}K\x05(t(t\x89NtR`],
  ['a negative stride', `${TENSOR}K\x03(K\x02t(J\xff\xff\xff\xfft\x89NtR`],
  ['a size of 2^31', `${TENSOR}K\x00(J\xff\xff\xff\x7ft(K\x00t\x89NtR`],
  ['a product of sizes that overflows', `${TENSOR}K\x00(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft(K\x00K\x00t\x89NtR`],
  ['nine dimensions', `${TENSOR}K\x00(${'K\x01'.repeat(9)}t(${'K\x01'.repeat(9)}t\x89NtR`],
  ['a list where sizes belong', `${TENSOR}K\x00]]\x89NtR`],
  ['a storage that is a string', 'ctorch._utils\n_rebuild_tensor_v2\n(X\x01\0\0\0aK\0(t(t\x89NtR'],
])('a tensor with %s is corrupt', async (_, tensor) => {
  await expect(readWeights(await torchZip(`}X\x01\0\0\0w${tensor}s.`))).rejects.toMatchObject({
    code: 'checkpoint-corrupt',
  });
});

test('views of one element over and over are read while they are few', async () => {
  const spread = (name: string) => `X\x01\0\0\0${name}${TENSOR}K\x00(J\x00\x00\x00\x01t(K\x00t\x89NtRs`; // 2^24 elements
  expect((await readWeights(await torchZip(`}${[...'abcd'].map(spread).join('')}.`))).size).toBe(4);
  await expect(readWeights(await torchZip(`}${[...'abcde'].map(spread).join('')}.`))).rejects.toThrow(
    /spread 16 stored bytes over 335544320/,
  );
});

test('a storage of another size than its tensors need is corrupt', async () => {
  const pickle = `}X\x01\0\0\0w${TENSOR}K\x00(K\x02t(K\x01t\x89NtRs.`;
  expect((await readWeights(await torchZip(pickle))).size).toBe(1);
  await expect(readWeights(await torchZip(pickle, 12))).rejects.toThrow(/has 12 bytes where its tensors need 16/);
});

test('safetensors with holes, overlap, wrong sizes or huge headers are corrupt', async () => {
  const entry = (begin: number, end: number, shape = [1]): object => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  await expect(readWeights(safetensors({ a: entry(4, 8) }, 8))).rejects.toThrow(/hole/);
  await expect(readWeights(safetensors({ a: entry(0, 4), b: entry(0, 4) }, 4))).rejects.toThrow(/overlap/);
  await expect(readWeights(safetensors({ a: entry(0, 4) }, 8))).rejects.toThrow(/end at byte 4 of 8/);
  await expect(readWeights(safetensors({ a: entry(0, 4, [2]) }, 4))).rejects.toThrow(/malformed/);
  await expect(readWeights(safetensors({ a: entry(4, 0) }, 4))).rejects.toThrow(/malformed/);
  await expect(readWeights(safetensors({ a: { ...entry(0, 4), dtype: 'F8_E4M3' } }, 4))).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
  });
  await expect(readWeights(safetensors({}, 0, 2 ** 40))).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
});

test('what writeTorchZip writes reads back the same, storages shared as before', async () => {
  const weights = await readWeights(fixture('current.ckpt'));
  const written = await writeTorchZip(weights);
  const again = await readWeights(written);
  expect([...again.keys()]).toEqual([...weights.keys()]);
  for (const [name, weight] of weights) {
    const back = again.get(name);
    if (!back) throw new Error(`${name} is missing`);
    expect([back.dtype, back.shape, back.strides, back.offset]).toEqual([
      weight.dtype,
      weight.shape,
      weight.strides,
      weight.offset,
    ]);
    expect(await toFloat32(back)).toEqual(await toFloat32(weight));
  }
  expect(again.get('base')?.storage).toBe(again.get('slice')?.storage);
});

test('float16 conversion is exact for every bit pattern', async () => {
  const storage = new Blob([Uint16Array.from({ length: 65_536 }, (_, i) => i)]);
  const values = await toFloat32({
    dtype: 'float16',
    shape: [65_536],
    strides: contiguousStrides([65_536]),
    offset: 0,
    storage,
  });
  expect([values[0x3c00], values[0xc000], values[0x0001], values[0x7bff], values[0x7c00]]).toEqual([
    1,
    -2,
    2 ** -24,
    65504,
    Infinity,
  ]);
  expect(Object.is(values[0x8000], -0)).toBe(true);
  expect(values[0x7e00]).toBeNaN();
});

function toNumber(text: string): number {
  return text === 'inf' ? Infinity : Math.fround(Number(text));
}

function fixtureUrl(name: string): URL {
  return new URL(`../../e2e/fixtures/archive/${name}`, import.meta.url);
}

function fixture(name: string): Blob {
  return new Blob([readFileSync(fixtureUrl(name))]);
}

async function torchZip(pickle: string, storageBytes = 16): Promise<Blob> {
  const bytes = Uint8Array.from(`\x80\x02${pickle}`, (char) => char.charCodeAt(0));
  return await writeZip([
    ['archive/data.pkl', new Blob([bytes])],
    ['archive/data/0', new Blob([new Uint8Array(storageBytes)])],
  ]);
}

function safetensors(header: object, dataBytes: number, claimed?: number): Blob {
  const json = new TextEncoder().encode(JSON.stringify(header));
  return new Blob([BigUint64Array.of(BigInt(claimed ?? json.length)), json, new Uint8Array(dataBytes)]);
}
